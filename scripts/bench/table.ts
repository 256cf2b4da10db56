/** The rows of a benchmark as a Markdown table that is aligned for a terminal, too. */
import type { Row } from "./comparison.ts";

const HEAD = ["case", "compared", "volley", "baseline", "ratio (spread)", "target", ""];

export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) =>
    Math.max(3, ...lines.map((line) => Bun.stringWidth(line[column] ?? ""))),
  );
  const text = (line: readonly string[]): string => {
    const padded = widths.map((width, column) => pad(line[column] ?? "", width));
    return `| ${padded.join(" | ")} |`;
  };
  const [head = [], ...body] = lines;
  return [text(head), text(widths.map((width) => "-".repeat(width))), ...body.map(text)].join("\n");
}

function cells({ baseline, compared, name, ratio, reached, target, unit, volley }: Row): string[] {
  return [
    name,
    compared,
    figure(volley, unit),
    baseline === undefined ? "" : figure(baseline, unit),
    ratio ? `${two(ratio.median)} (${two(ratio.min)}-${two(ratio.max)})` : "",
    target === undefined ? "" : `≥ ${two(target)}`,
    reached === undefined ? "" : reached ? "reached" : "not reached",
  ];
}

/** Three digits that count, and thousands apart. */
function figure(value: number, unit: string): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const text = value.toFixed(digits).replace(/\B(?=(\d{3})+$)/g, " ");
  return `${text} ${unit}`;
}

function two(value: number): string {
  return value.toFixed(2);
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
}
