/**
 * The region matrix: rows runner x url, columns regions. Built job by job, in bounded memory: past
 * the limit rows are counted instead of kept, those that are all green first.
 */
import type { Job } from "../domain/job.ts";
import type { ErrorSource, Result, ResultStatus } from "../domain/result.ts";
import { present } from "../lib/present.ts";
import { occurrenceName } from "./names.ts";
import { isRed, type Look, lookOf } from "./verdict.ts";

export type Mark = Look | "running" | "queued";

/** The sign of a mark; no meaning hangs on colour alone. */
export const SIGNS: Readonly<Record<Mark, string>> = {
  pass: "✓",
  "expected-fail": "✓",
  fail: "✗",
  "unexpected-pass": "✗",
  error: "!",
  running: "…",
  queued: "·",
};

/** The word of a mark. */
export const WORDS: Readonly<Record<Mark, string>> = {
  pass: "pass",
  "expected-fail": "fail (expected)",
  fail: "fail",
  "unexpected-pass": "pass (unexpected)",
  error: "error",
  running: "running",
  queued: "queued",
};

/** The word of a status, whatever was expected of it: the sign tells that. */
export function statusWord(mark: Mark): string {
  if (mark === "expected-fail") return "fail";
  return mark === "unexpected-pass" ? "pass" : mark;
}

/** What a mark is coloured like. */
export function shadeOf(mark: Mark): ResultStatus | "running" | "queued" {
  if (mark === "expected-fail") return "pass";
  return mark === "unexpected-pass" ? "fail" : mark;
}

export interface Cell {
  readonly mark: Mark;
  readonly durationMs?: number;
  readonly errorSource?: ErrorSource;
  /** How many results of the run stand before this one and are red as it is, or green as it is. */
  readonly place?: number;
}

export interface Row {
  /** Absent while no region has answered: a job in progress does not name its runners yet. */
  readonly runner?: string;
  /** 1; more for a runner that a region was asked for several times. */
  readonly occurrence: number;
  readonly url: string;
  /** By region. */
  readonly cells: ReadonlyMap<string, Cell>;
}

export interface Matrix {
  /** By name, as in a comparison and on the dashboard. */
  readonly regions: readonly string[];
  readonly rows: readonly Row[];
  readonly hiddenRegions: number;
  readonly hiddenRows: number;
}

export interface MatrixLimits {
  readonly rows: number;
  readonly regions: number;
}

/** Jobs without a region stand in one column of this name. */
export function regionOf({ region = "local" }: Pick<Job, "region">): string {
  return region;
}

/** What a row is called: a runner's second occurrence is another row. */
export function rowName({ occurrence, runner }: Pick<Row, "occurrence" | "runner">): string {
  if (runner === undefined) return "(not known yet)";
  return occurrenceName(runner, occurrence);
}

/** The matrix of jobs that are in memory anyway. */
export function matrixOf(jobs: Iterable<Job>, limits: MatrixLimits): Matrix {
  const builder = new MatrixBuilder(limits);
  for (const job of jobs) builder.add(job);
  return builder.matrix();
}

interface OpenRow extends Row {
  readonly cells: Map<string, Cell>;
  /** Position among all rows of the run. */
  readonly index: number;
  red: boolean;
}

/** The rows of one url, whose jobs follow each other in fan-out order. */
interface Group {
  readonly url: string;
  readonly rows: Map<string, OpenRow>;
  readonly open: Map<string, "running" | "queued">;
  /** How often a region has answered for a runner. */
  readonly answered: Map<string, number>;
}

export class MatrixBuilder {
  readonly #limits: MatrixLimits;
  /** All regions, and whether anything in them is red. */
  readonly #regions = new Map<string, boolean>();
  readonly #red: OpenRow[] = [];
  readonly #green: OpenRow[] = [];
  #group: Group | undefined;
  #rowCount = 0;
  #places = { red: 0, green: 0 };

  constructor(limits: MatrixLimits) {
    this.#limits = limits;
  }

  add(job: Job): void {
    if (this.#group?.url !== job.url) {
      this.#closeGroup();
      this.#group = { url: job.url, rows: new Map(), open: new Map(), answered: new Map() };
    }
    const region = regionOf(job);
    const red = job.results.some(isRed);
    this.#regions.set(region, red || this.#regions.get(region) === true);
    if (job.state === "queued" || job.state === "running") this.#group.open.set(region, job.state);
    for (const result of job.results) this.#put(this.#group, region, result);
  }

  matrix(): Matrix {
    this.#closeGroup();
    this.#group = undefined;
    const room = Math.max(0, this.#limits.rows - this.#red.length);
    const rows = [...this.#red, ...this.#green.slice(0, room)];
    const regions = this.#shownRegions();
    return {
      regions,
      rows: rows.toSorted((one, other) => one.index - other.index),
      hiddenRegions: this.#regions.size - regions.length,
      hiddenRows: this.#rowCount - rows.length,
    };
  }

  /** Each result has a cell of its own: a runner's second one in a region is another row's. */
  #put({ answered, ...group }: Group, region: string, result: Result): void {
    const { durationMs, errorSource, name } = result;
    const key = JSON.stringify([region, name]);
    const occurrence = (answered.get(key) ?? 0) + 1;
    answered.set(key, occurrence);
    const row = this.#row(group, name, occurrence);
    const red = isRed(result);
    const place = this.#places[red ? "red" : "green"]++;
    const known = present({ durationMs, errorSource });
    row.cells.set(region, { mark: lookOf(result), place, ...known });
    row.red ||= red;
  }

  #row(
    group: Pick<Group, "rows" | "url">,
    runner: string | undefined,
    occurrence: number,
  ): OpenRow {
    const key = `${occurrence} ${runner ?? ""}`;
    let row = group.rows.get(key);
    if (row) return row;
    const index = this.#rowCount++;
    row = {
      ...present({ runner }),
      occurrence,
      url: group.url,
      cells: new Map(),
      index,
      red: false,
    };
    group.rows.set(key, row);
    return row;
  }

  #closeGroup(): void {
    if (!this.#group) return;
    const { open, rows } = this.#group;
    if (rows.size === 0) this.#row(this.#group, undefined, 1);
    for (const row of rows.values()) {
      // A job in progress fills the rows that other regions of its url have begun.
      for (const [region, mark] of open)
        if (!row.cells.has(region)) row.cells.set(region, { mark });
      const kept = row.red ? this.#red : this.#green;
      if (kept.length < this.#limits.rows) kept.push(row);
    }
  }

  #shownRegions(): string[] {
    const all = [...this.#regions.keys()].toSorted();
    if (all.length <= this.#limits.regions) return all;
    const wanted = [...all.filter((name) => this.#regions.get(name)), ...all];
    const shown = new Set([...new Set(wanted)].slice(0, this.#limits.regions));
    return all.filter((name) => shown.has(name));
  }
}
