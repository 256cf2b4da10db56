/**
 * Comparisons: volley and its baseline measured in turn, and what is told of them. A ratio above 1
 * always means that volley is better.
 */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Round {
  readonly volley: number;
  readonly baseline?: number;
  readonly ratio?: number;
}

/** One line of the table. */
export interface Row {
  readonly name: string;
  readonly compared: string;
  readonly unit: string;
  /** Medians over the rounds. */
  readonly volley: number;
  readonly baseline?: number;
  /** Of the rounds' ratios. */
  readonly ratio?: Spread;
  /** What the ratio should be at least. */
  readonly target?: number;
  readonly reached?: boolean;
  readonly rounds: readonly Round[];
}

export interface Figures {
  readonly name: string;
  /** What is compared, such as "jobs/s against a bare fetch loop". */
  readonly compared: string;
  readonly unit: string;
  readonly better: "more" | "less";
  /** One figure per round. */
  readonly volley: readonly number[];
  /** The same of the baseline, or a bound that does not change. */
  readonly baseline: readonly number[] | number;
  readonly target?: number;
}

export function compare({ baseline, better, target, volley, ...labels }: Figures): Row {
  const rounds = volley.map((own, index) => {
    const other = typeof baseline === "number" ? baseline : (baseline[index] ?? NaN);
    return { volley: own, baseline: other, ratio: better === "more" ? own / other : other / own };
  });
  const ratio = spread(rounds.map((round) => round.ratio));
  return {
    ...labels,
    volley: median(volley),
    baseline: median(rounds.map((round) => round.baseline)),
    ratio,
    ...(target === undefined ? {} : { target, reached: ratio.median >= target }),
    rounds,
  };
}

/** A figure that is only told: there is nothing to compare it with. */
export function told(
  labels: Pick<Figures, "name" | "compared" | "unit">,
  figures: readonly number[],
): Row {
  return { ...labels, volley: median(figures), rounds: figures.map((volley) => ({ volley })) };
}

/**
 * Measures every side once per round, each round in the opposite order of the one before. A round
 * before them warms up and is not counted, unless there is only one or `warm` says that it was done.
 */
export async function interleave<Side extends string, Measured>(
  rounds: number,
  sides: Readonly<Record<Side, () => Promise<Measured>>>,
  warm = rounds === 1,
): Promise<Record<Side, Measured[]>> {
  const names = Object.keys(sides) as Side[];
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Side,
    Measured[]
  >;
  for (let round = warm ? 1 : 0; round <= rounds; round++) {
    for (const name of round % 2 === 0 ? names.toReversed() : names) {
      const figure = await sides[name]();
      if (round > 0) measured[name].push(figure);
    }
  }
  return measured;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = NaN, high = NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}

function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}
