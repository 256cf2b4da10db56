/**
 * The exit code of a run: what a build should make of it. Pure.
 *
 * 0: all passed, or as expected; 1: some did not; 3: the infrastructure failed; 4: timed out; 130:
 * interrupted or cancelled. Of several the first of 130, 4, 3, 1 counts. (2 is for what never
 * became a run.)
 */
import type { ComparedRow } from "../domain/comparison.ts";
import type { Verdict } from "../domain/expectation.ts";
import type { State } from "../domain/job.ts";
import type { Result } from "../domain/result.ts";
import { isRed } from "./verdict.ts";

export interface Verdicts {
  /** Of the run. */
  readonly state: State;
  readonly results: Iterable<Pick<Result, "status" | "errorSource" | "verdict">>;
  /** Of the run as a whole, if it was judged: a policy may be met with some results red. */
  readonly verdict?: Verdict;
  /** Whether whoever waited for the run was told to stop. */
  readonly interrupted: boolean;
}

const BY_SOURCE = new Map<Result["errorSource"], number>([
  ["cancelled", 130],
  ["timeout", 4],
  ["transport", 3],
  ["orchestrator", 3],
]);

const PRECEDENCE = [130, 4, 3, 1];

export function exitCode({ interrupted, results, state, verdict }: Verdicts): number {
  if (interrupted || state === "cancelled") return 130;
  if (verdict === "expected") return 0;
  const codes = new Set(codesOf(results));
  if (state === "timed_out") codes.add(4);
  return PRECEDENCE.find((code) => codes.has(code)) ?? 0;
}

/**
 * The same where only what was green before counts: never worse than `exitCode`. A red cell without
 * an earlier answer is new, one that keeps changing is not.
 */
export function newFailureCode(
  { interrupted, state, verdict }: Omit<Verdicts, "results">,
  rows: readonly ComparedRow[],
): number {
  if (interrupted || state === "cancelled") return 130;
  if (verdict === "expected") return 0;
  const results = rows.flatMap(({ cells }) =>
    cells.flatMap(({ change, errorSource, status, verdict }) => {
      const isNew = change === "new-failure" || change === "unknown";
      return isNew && status ? [{ status, errorSource, verdict }] : [];
    }),
  );
  const codes = new Set(codesOf(results as Verdicts["results"]));
  return PRECEDENCE.find((code) => codes.has(code)) ?? 0;
}

function* codesOf(results: Verdicts["results"]): Generator<number> {
  for (const result of results) {
    if (!isRed(result)) continue;
    yield result.status === "error" ? (BY_SOURCE.get(result.errorSource) ?? 1) : 1;
  }
}
