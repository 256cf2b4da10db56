/**
 * The rows of a live matrix: runner x url by region, from the first moment on, in fan-out order.
 * Pure.
 */
import { type Mark, regionOf } from "../../report/cells.ts";
import { lookOf } from "../../report/verdict.ts";
import type { RecordedJob } from "../run-record.ts";

export interface LiveRow {
  /** Undefined while nobody has said what runs. */
  readonly runner: string | undefined;
  readonly url: string;
  /** By region. */
  readonly cells: ReadonlyMap<string, Mark>;
}

export interface LiveMatrix {
  /** By name, as in every report. */
  readonly regions: readonly string[];
  readonly rows: readonly LiveRow[];
}

export function liveMatrix(jobs: readonly RecordedJob[]): LiveMatrix {
  const urls = Map.groupBy(jobs, ({ url }) => url);
  const rows = Array.from(urls, ([url, group]) => rowsOf(url, group)).flat();
  return { regions: [...new Set(jobs.map(regionOf))].toSorted(), rows };
}

function rowsOf(url: string, jobs: readonly RecordedJob[]): LiveRow[] {
  const rows = new Map<string, { runner: string; url: string; cells: Map<string, Mark> }>();
  for (const job of jobs) {
    const seen = new Map<string, number>();
    for (const [index, name] of job.names.entries()) {
      const occurrence = (seen.get(name) ?? 0) + 1;
      seen.set(name, occurrence);
      // A runner's second occurrence in a job is another row.
      const runner = occurrence === 1 ? name : `${name} #${occurrence}`;
      const row = rows.get(runner) ?? { runner, url, cells: new Map<string, Mark>() };
      rows.set(runner, row);
      row.cells.set(regionOf(job), markOf(job, index));
    }
  }
  const unnamed = jobs.filter(({ names }) => names.length === 0);
  const open = new Map(unnamed.map((job) => [regionOf(job), openMark(job)]));
  if (rows.size === 0) return [{ runner: undefined, url, cells: open }];
  // A job in progress fills the rows that other regions of its url have begun.
  for (const { cells } of rows.values()) {
    for (const [region, mark] of open) if (!cells.has(region)) cells.set(region, mark);
  }
  return [...rows.values()];
}

function markOf(job: RecordedJob, index: number): Mark {
  const result = job.results[index];
  return result ? lookOf(result) : openMark(job);
}

function openMark({ state }: RecordedJob): Mark {
  return state === "queued" ? "queued" : "running";
}

/**
 * As many rows as there is room for, in their order: those with failures first, then those that
 * run, then those that wait. `hidden`: the others.
 */
export function mostUrgent(
  rows: readonly LiveRow[],
  room: number,
): { shown: readonly LiveRow[]; hidden: readonly LiveRow[] } {
  const first = rows
    .map((row, index) => ({ row, index, rank: rankOf(row) }))
    .toSorted((one, other) => one.rank - other.rank || one.index - other.index)
    .slice(0, Math.max(0, room));
  const shown = new Set(first.map(({ row }) => row));
  return {
    shown: rows.filter((row) => shown.has(row)),
    hidden: rows.filter((row) => !shown.has(row)),
  };
}

function rankOf({ cells }: LiveRow): number {
  const marks = new Set(cells.values());
  if (marks.has("error") || marks.has("fail") || marks.has("unexpected-pass")) return 0;
  if (marks.has("running")) return 1;
  return marks.has("queued") ? 2 : 3;
}
