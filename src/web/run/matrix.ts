/**
 * The region matrix as the page holds it: rows runner x url (and input), columns regions. Filled
 * from a comparison, kept up to date by the events of the run.
 */
import type { ComparedCell, ComparedRow } from "../../domain/comparison.ts";
import type { Job } from "../../domain/job.ts";
import type { Result } from "../../domain/result.ts";
import { type Mark, statusWord } from "../../report/cells.ts";
import { isRed, lookOf } from "../../report/verdict.ts";

export const NO_REGION = "local";

/** Several cells only where a region was asked the very same thing more than once. */
export type MatrixRow = Omit<ComparedRow, "cells"> & {
  readonly index: number;
  readonly cells: Map<string, ComparedCell[]>;
};

export class RegionMatrix {
  readonly rows: readonly MatrixRow[];
  readonly regions: readonly string[];
  readonly #byUrl: ReadonlyMap<string, readonly MatrixRow[]>;

  constructor(rows: readonly ComparedRow[]) {
    this.rows = rows.map(({ cells, ...row }, index) => ({
      ...row,
      index,
      cells: Map.groupBy(cells, ({ region }) => region ?? NO_REGION),
    }));
    this.#byUrl = Map.groupBy(this.rows, ({ url }) => url);
    const regions = new Set(this.rows.flatMap(({ cells }) => [...cells.keys()]));
    this.regions = [...regions].toSorted();
  }

  /** A dispatch of a job has begun. */
  started(url: string, region: string = NO_REGION): void {
    for (const { cells } of this.#byUrl.get(url) ?? []) {
      const here = cells.get(region);
      if (!here) continue;
      const open = here.map((cell) =>
        cell.status ? cell : { ...cell, state: "running" as const },
      );
      cells.set(region, open);
    }
  }

  /**
   * A job has ended. False if its results cannot be told apart: a runner was asked several things
   * on one url, and the comparison knows which is which.
   */
  finished({ region = NO_REGION, results, url }: Job): boolean {
    const rows = (this.#byUrl.get(url) ?? []).filter(({ cells }) => cells.has(region));
    let clear = true;
    for (const [name, answers] of Map.groupBy(results, ({ name }) => name)) {
      const named = rows.filter(({ runner }) => runner === name);
      const [row] = named;
      const before = row?.cells.get(region);
      if (!row || !before || named.length > 1 || before.length !== answers.length) clear = false;
      else
        row.cells.set(
          region,
          answers.map((answer, index) => answered(before[index], answer)),
        );
    }
    return clear;
  }

  get size(): number {
    return this.rows.length * this.regions.length;
  }
}

function answered(before: ComparedCell | undefined, result: Result): ComparedCell {
  const { durationMs, errorCode, errorMessage, errorSource, status, verdict } = result;
  const { change: _change, state: _state, ...kept } = before ?? {};
  return {
    ...kept,
    status,
    ...(verdict && { verdict }),
    ...(durationMs !== undefined && { durationMs }),
    ...(errorMessage !== undefined && { errorMessage }),
    ...(errorCode !== undefined && { errorCode }),
    ...(errorSource !== undefined && { errorSource }),
  };
}

export function markOf({ state, status, verdict }: ComparedCell): Mark {
  if (status) return lookOf({ status, ...(verdict && { verdict }) });
  return state === "running" ? "running" : "queued";
}

export function isRedCell({ status, verdict }: ComparedCell): boolean {
  return status !== undefined && isRed({ status, ...(verdict && { verdict }) });
}

/** What stands for several cells at one place: the one that most needs a look. */
export function worst(cells: readonly ComparedCell[]): ComparedCell {
  const found = cells.find(isRedCell) ?? cells.find(({ status }) => !status) ?? cells[0];
  return found ?? {};
}

/** Everything a cell says, in words. */
export function cellWords(cell: ComparedCell): string {
  return [statusWord(markOf(cell)), ...standing(cell)].join(", ");
}

/** What is to be said of a cell beside its status: what was expected, and what was before. */
export function standing({ change, expected, verdict }: ComparedCell): string[] {
  const words: string[] = [];
  if (verdict === "expected") words.push("as expected");
  if (verdict === "unexpected")
    words.push(expected ? `not as expected: ${expected}` : "unexpected");
  if (change === "new-failure") words.push("new failure");
  if (change === "still-failing") words.push("still failing");
  if (change === "fixed" || change === "flaky") words.push(change);
  return words;
}
