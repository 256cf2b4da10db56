/** How long an endpoint took to answer, the last times it was asked; a cross where it did not. */
import { duration } from "../../report/words.ts";

const WIDTH = 160;
const HEIGHT = 28;
const STEPS = 20;

export function Sparkline({ points }: { readonly points: readonly (number | undefined)[] }) {
  const told = points.filter((point) => point !== undefined);
  const most = Math.max(1, ...told);
  const x = (index: number): number =>
    3 + ((STEPS - points.length + index) * (WIDTH - 6)) / (STEPS - 1);
  const y = (ms: number): number => HEIGHT - 3 - (ms / most) * (HEIGHT - 6);
  const unanswered = points.length - told.length;
  const label =
    points.length === 0
      ? "not asked yet"
      : `latency of the last ${points.length}: ${told.length > 0 ? `${duration(Math.min(...told))} to ${duration(Math.max(...told))}` : "none"}, ${unanswered} unanswered`;
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <polyline
        points={points
          .flatMap((ms, index) => (ms === undefined ? [] : [`${x(index)},${y(ms)}`]))
          .join(" ")}
      />
      {points.map((ms, index) =>
        ms === undefined ? (
          <path key={index} class="cross" d={`M${x(index) - 3} ${HEIGHT - 8}l6 6m0 -6l-6 6`} />
        ) : (
          <circle
            key={index}
            cx={x(index)}
            cy={y(ms)}
            r={index === points.length - 1 ? 2.5 : 1.5}
          />
        ),
      )}
    </svg>
  );
}
