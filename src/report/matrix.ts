/**
 * The region matrix as text: rows runner x url, columns regions, so that what differs is seen at
 * a glance. Pure; untrusted text never reaches the terminal raw.
 */
import type { Job } from "../domain/job.ts";
import type { Result } from "../domain/result.ts";
import type { RunSummary } from "../domain/run.ts";
import { withoutControls } from "../lib/log.ts";

export interface MatrixOptions {
  /** Whether to colour with ANSI codes. Signs differ as well, so nothing is lost without. */
  readonly color: boolean;
}

type Cell = "pass" | "fail" | "error" | "running" | "queued" | "none";

const SIGNS: Readonly<Record<Cell, string>> = {
  pass: "✓ pass",
  fail: "✗ fail",
  error: "! error",
  running: "… running",
  queued: "· queued",
  none: "",
};

const COLORS: Readonly<Record<Cell, string>> = {
  pass: "32",
  fail: "31",
  error: "35",
  running: "36",
  queued: "2",
  none: "",
};

/** Jobs without a region stand in one column of this name. */
const NO_REGION = "local";

interface Row {
  readonly runner: string;
  readonly url: string;
  readonly cells: Map<string, Cell>;
}

/** The matrix of a run, ended or not, without a final newline. */
export function matrixText({ jobs }: Pick<RunSummary, "jobs">, { color }: MatrixOptions): string {
  const regions = [...new Set(jobs.map(({ region = NO_REGION }) => region))];
  const rows = matrixRows(jobs);
  const lines = [
    ["runner", "url", ...regions].map((text) => ({ text, cell: "none" as Cell })),
    ...rows.map(({ cells, runner, url }) => [
      { text: withoutControls(runner), cell: "none" as Cell },
      { text: withoutControls(url), cell: "none" as Cell },
      ...regions.map((region) => {
        const cell = cells.get(region) ?? "none";
        return { text: SIGNS[cell], cell };
      }),
    ]),
  ];
  const width = (column: number): number =>
    Math.max(...lines.map((line) => Bun.stringWidth(line[column]?.text ?? "")));
  const widths = [0, 1, ...regions.map((_, index) => index + 2)].map(width);
  const shown = ({ cell, text }: { cell: Cell; text: string }, column: number): string => {
    const padded = text + " ".repeat((widths[column] ?? 0) - Bun.stringWidth(text));
    return color && COLORS[cell] ? `\u001b[${COLORS[cell]}m${padded}\u001b[0m` : padded;
  };
  return lines.map((line) => line.map(shown).join("  ").trimEnd()).join("\n");
}

/**
 * One row per runner and url, in the order of the run. A job in progress does not name its runners
 * yet: it fills the rows that other regions of its url have begun.
 */
function matrixRows(jobs: readonly Job[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { region = NO_REGION, results, url } of jobs) {
    for (const { name, status } of results) {
      const key = JSON.stringify([url, name]);
      let row = rows.get(key);
      if (!row) rows.set(key, (row = { runner: name, url, cells: new Map() }));
      row.cells.set(region, worst(row.cells.get(region), status));
    }
  }
  for (const { region = NO_REGION, state, url } of jobs) {
    if (state !== "running" && state !== "queued") continue;
    for (const row of rows.values()) if (row.url === url) row.cells.set(region, state);
  }
  return [...rows.values()];
}

const SEVERITY: readonly (Cell | undefined)[] = [undefined, "pass", "fail", "error"];

/** The cell of a runner requested twice in one region shows the worse answer. */
function worst(cell: Cell | undefined, status: Result["status"]): Cell {
  return SEVERITY.indexOf(status) > SEVERITY.indexOf(cell) ? status : (cell ?? status);
}
