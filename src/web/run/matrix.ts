/**
 * The region matrix as the page holds it: rows runner x url (and input), columns regions. Filled
 * from a comparison, kept up to date by the events of the run.
 */
import type { ComparedCell, ComparedRow } from "../../domain/comparison.ts";
import type { Job } from "../../domain/job.ts";
import type { Result } from "../../domain/result.ts";
import type { Mark } from "../../report/cells.ts";
import { isRed, lookOf } from "../../report/verdict.ts";

export const NO_REGION = "local";

/** Several cells only where a region was asked the very same thing more than once. */
export type MatrixRow = Omit<ComparedRow, "cells"> & {
  readonly index: number;
  readonly cells: ReadonlyMap<string, readonly ComparedCell[]>;
};

export class RegionMatrix {
  readonly regions: readonly string[];
  /** A row that changes is replaced by another. */
  readonly #rows: MatrixRow[];
  readonly #byUrl: ReadonlyMap<string, readonly number[]>;

  constructor(rows: readonly ComparedRow[]) {
    this.#rows = rows.map(({ cells, ...row }, index) => ({
      ...row,
      index,
      cells: Map.groupBy(cells, ({ region }) => region ?? NO_REGION),
    }));
    this.#byUrl = Map.groupBy(rows.keys(), (index) => rows[index]?.url ?? "");
    const regions = new Set(this.#rows.flatMap(({ cells }) => [...cells.keys()]));
    this.regions = [...regions].toSorted();
  }

  get rows(): readonly MatrixRow[] {
    return this.#rows;
  }

  /**
   * What is known of a job now; cells that have their answer already keep it. Answers that cannot be
   * told apart, of a runner that was asked several things on one url, are left to the next comparison.
   */
  tell({ region = NO_REGION, results, state, url }: Job): void {
    const answers = Map.groupBy(results, ({ name }) => name);
    for (const index of this.#byUrl.get(url) ?? []) {
      const row = this.#rows[index];
      const before = row?.cells.get(region);
      if (!row || !before || before.every(({ status }) => status)) continue;
      const told = answers.get(row.runner) ?? [];
      if (told.length > 0 && told.length !== before.length) continue;
      const after = before.map((cell, nth) =>
        told.length === 0 ? { ...cell, state } : answered(cell, told[nth]),
      );
      this.#rows[index] = { ...row, cells: new Map(row.cells).set(region, after) };
    }
  }
}

function answered(before: ComparedCell, result: Result | undefined): ComparedCell {
  if (!result) return before;
  const { durationMs, errorCode, errorMessage, errorSource, status, verdict } = result;
  const { change: _change, state: _state, ...kept } = before;
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

/** What is to be said of a cell beside its status: what was expected, and what was before. */
export function standing({ change, expected, verdict }: ComparedCell): string[] {
  const words: string[] = [];
  if (verdict === "expected") words.push("as expected");
  if (verdict === "unexpected") words.push(expected ? `${expected} was expected` : "unexpected");
  if (change === "new-failure") words.push("new failure");
  if (change === "still-failing") words.push("still failing");
  if (change === "fixed" || change === "flaky") words.push(change);
  return words;
}
