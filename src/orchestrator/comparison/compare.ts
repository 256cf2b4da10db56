/**
 * Comparing a run: url by url, so that of a run of any size only the jobs of one url are in memory,
 * and what is told of the run as a whole at the end. Pure.
 */
import { Causes } from "../../domain/causes.ts";
import {
  type Change,
  type ChangeCounts,
  type ComparedCell,
  type ComparedRow,
  type ComparisonTotals,
  NO_REGION,
} from "../../domain/comparison.ts";
import { verdictOf } from "../../domain/expectation.ts";
import type { RequestedRunner } from "../../domain/job.ts";
import { present } from "../../lib/present.ts";
import { type CellFacts, type ComparedJob, rowsOf, type RowsOptions } from "./rows.ts";

export interface CompareOptions extends Pick<RowsOptions, "policy" | "ignore"> {
  /** How a cell has changed against earlier runs. */
  readonly changeOf: (facts: CellFacts) => Change;
  /** How a red cell is repeated. */
  readonly callOf: (cell: { url: string; region?: string; runner: RequestedRunner }) => {
    readonly curl?: string;
    readonly rerun: string;
  };
}

export class Compare {
  readonly #options: CompareOptions;
  readonly #regions = new Set<string>();
  readonly #causes = new Causes();
  readonly #changes: ChangeCounts = {
    "new-failure": 0,
    "still-failing": 0,
    fixed: 0,
    flaky: 0,
    same: 0,
    unknown: 0,
  };
  #red = 0;

  constructor(options: CompareOptions) {
    this.#options = options;
  }

  /** The rows of one url, each as it is asked for; `jobs` are all of its jobs. Once per url. */
  *rows(jobs: readonly ComparedJob[]): Generator<ComparedRow> {
    for (const { region = NO_REGION } of jobs) this.#regions.add(region);
    const { ignore, policy } = this.#options;
    const rows = rowsOf(jobs, { ignore, policy, annotate: (facts) => this.#annotate(facts) });
    for (const { cells, row } of rows) {
      for (const facts of cells) this.#count(facts);
      yield row;
    }
  }

  /** Call after all rows. */
  totals(): ComparisonTotals {
    return {
      regions: [...this.#regions].toSorted(),
      red: this.#red,
      causes: this.#causes.list(this.#regions),
      changes: { ...this.#changes },
    };
  }

  #annotate(facts: CellFacts): Partial<ComparedCell> {
    const change = this.#options.changeOf(facts);
    if (!isRed(facts.cell)) return { change };
    const { cell, runner, url } = facts;
    return {
      change,
      ...this.#options.callOf({ url, runner, ...present({ region: cell.region }) }),
    };
  }

  #count({ cell, runner }: CellFacts): void {
    this.#changes[cell.change ?? "unknown"]++;
    const { errorCode, errorMessage, errorSource, region = NO_REGION, status } = cell;
    if (status === undefined || !isRed(cell)) return;
    this.#red++;
    this.#causes.add({
      region,
      runner: runner.name,
      status,
      ...present({ errorMessage, errorSource, errorCode }),
    });
  }
}

/** Whether a cell is not what it should be: as expected, or `pass` where nothing was said. */
function isRed({ expected = "pass", status }: ComparedCell): boolean {
  return status !== undefined && verdictOf(status, expected) === "unexpected";
}
