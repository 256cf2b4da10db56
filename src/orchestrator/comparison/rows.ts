/**
 * Rows: the jobs of one url as rows of cells, a row per runner and input, with the differences
 * between its regions. Pure; neither rows nor cells depend on the order of the jobs.
 */
import { type ComparedCell, type ComparedRow, NO_REGION } from "../../domain/comparison.ts";
import type { ExpectedStatus, Policy } from "../../domain/expectation.ts";
import type { RegionMismatch, RequestedRunner, State } from "../../domain/job.ts";
import type { Result } from "../../domain/result.ts";
import { canonicalJson } from "../../lib/canonical-json.ts";
import type { JsonPath } from "../../lib/json-path.ts";
import { present } from "../../lib/present.ts";
import { comparedDetails } from "./answers.ts";
import { rowKey, shownInput } from "./cell-key.ts";
import { Differences } from "./differences.ts";
import { quorumOf } from "./quorum.ts";

/** A job as it is compared. `results`: one per runner once it has ended, else empty. */
export interface ComparedJob {
  readonly url: string;
  readonly region?: string;
  readonly state: State;
  readonly runners: readonly RequestedRunner[];
  /** What each runner is expected to answer, of a run that is judged. */
  readonly expected?: readonly ExpectedStatus[];
  readonly results: readonly Result[];
  readonly regionMismatch?: RegionMismatch;
}

/** A cell, and what is to be known of it beside what is told. */
export interface CellFacts {
  readonly runner: RequestedRunner;
  readonly url: string;
  readonly cell: ComparedCell;
  readonly result?: Result;
}

export interface RowsOptions {
  readonly policy: Policy;
  /** What the details may differ in. */
  readonly ignore: readonly JsonPath[];
  /** What else is told of a cell: its change, how to repeat it. */
  readonly annotate: (facts: CellFacts) => Partial<ComparedCell>;
}

export interface RowFacts {
  readonly row: ComparedRow;
  readonly cells: readonly CellFacts[];
}

/** The cells of one url by their row. */
export function cellsByRow(jobs: readonly ComparedJob[]): Map<string, CellFacts[]> {
  return Map.groupBy(jobs.flatMap(cellsOf), ({ runner }) => rowKey(runner));
}

/** The rows of one url, by runner and input, each as it is asked for; `jobs` are all of its jobs. */
export function* rowsOf(jobs: readonly ComparedJob[], options: RowsOptions): Generator<RowFacts> {
  const rows = Array.from(cellsByRow(jobs)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [, cells] of rows) {
    const row = rowOf(cells, options);
    if (row) yield row;
  }
}

function cellsOf({ expected, region, results, runners, state, url, ...job }: ComparedJob) {
  const { regionMismatch } = job;
  return runners.map((runner, index): CellFacts => {
    const result = results[index];
    const known = present({ region, expected: expected?.[index] });
    if (!result) return { runner, url, cell: { ...known, state } };
    const { durationMs, errorCode, errorMessage, errorSource, status, verdict } = result;
    const told = present({
      verdict,
      durationMs,
      errorMessage,
      errorCode,
      errorSource,
      regionMismatch,
    });
    return { runner, url, result, cell: { ...known, status, ...told } };
  });
}

function rowOf(unsorted: readonly CellFacts[], options: RowsOptions): RowFacts | undefined {
  const [first] = unsorted;
  if (!first) return undefined;
  const cells = inOrder(unsorted).map((facts) => ({
    ...facts,
    cell: { ...facts.cell, ...options.annotate(facts) },
  }));
  const { found, more } = differencesOf(cells, options.ignore);
  const quorum = quorumOf(
    cells.map(({ cell }) => cell),
    options.policy,
  );
  const row: ComparedRow = {
    runner: first.runner.name,
    url: first.url,
    ...present({ input: shownInput(first.runner.input) }),
    ...(quorum && { verdict: quorum.verdict }),
    ...(quorum && quorum.localized.length > 0 && { localized: [...quorum.localized] }),
    cells: cells.map(({ cell }) => cell),
    differences: found,
    ...(more && { moreDifferences: true as const }),
  };
  return { row, cells };
}

/** By region; cells of one region by what they say, as they have no other order. */
function inOrder(cells: readonly CellFacts[]): CellFacts[] {
  const keyed = cells.map((facts) => ({ facts, region: facts.cell.region ?? NO_REGION }));
  const byRegion = Map.groupBy(keyed, ({ region }) => region);
  return [...byRegion.keys()].toSorted().flatMap((region) => {
    const group = (byRegion.get(region) ?? []).map(({ facts }) => facts);
    if (group.length === 1) return group;
    const told = group.map((facts) => ({
      facts,
      text: canonicalJson([facts.cell, facts.result?.details]),
    }));
    return told.toSorted((a, b) => (a.text < b.text ? -1 : 1)).map(({ facts }) => facts);
  });
}

function differencesOf(cells: readonly CellFacts[], ignore: readonly JsonPath[]): Differences {
  const differences = new Differences();
  const answered = cells.flatMap(({ cell, result }) =>
    result ? [{ region: cell.region ?? NO_REGION, result }] : [],
  );
  differences.compare(
    "status",
    answered.map(({ region, result }) => ({ region, value: result.status })),
  );
  differences.compare("details", comparedDetails(answered, ignore));
  return differences;
}
