/** Ratios of a benchmark case: volley against its baseline, each pair measured side by side. */

export interface Row {
  readonly name: string;
  /** What is compared, such as "jobs/s, volley / bare fetch loop". */
  readonly what: string;
  /** volley's own figure, the median over the rounds. */
  readonly volley: string;
  readonly baseline: string;
  /** Median, smallest and largest ratio; above 1 means that volley is better. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return (low + high) / 2;
}

export function spread(values: readonly number[]): Row["ratio"] {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** The rows as an aligned table. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ baseline, name, ratio, volley, what }) => [
    name,
    what,
    volley,
    baseline,
    `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}-${ratio.max.toFixed(2)})`,
  ]);
  const all = [["case", "compared", "volley", "baseline", "ratio (spread)"], ...cells];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...all.map((line) => Bun.stringWidth(line[column] ?? ""))),
  );
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
