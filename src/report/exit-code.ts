/**
 * The exit code of a run: what a build should make of it. Pure.
 *
 * 0: all passed; 1: some failed or threw; 3: the infrastructure failed; 4: timed out; 130:
 * interrupted or cancelled. Of several the first of 130, 4, 3, 1 counts. (2 is for what never
 * became a run.)
 */
import type { State } from "../domain/job.ts";
import type { Result } from "../domain/result.ts";

export interface Verdicts {
  /** Of the run. */
  readonly state: State;
  readonly results: Iterable<Pick<Result, "status" | "errorSource">>;
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

export function exitCode({ interrupted, results, state }: Verdicts): number {
  const codes = new Set<number>();
  if (interrupted || state === "cancelled") codes.add(130);
  if (state === "timed_out") codes.add(4);
  for (const { errorSource, status } of results) {
    if (status === "fail") codes.add(1);
    if (status === "error") codes.add(BY_SOURCE.get(errorSource) ?? 1);
  }
  return PRECEDENCE.find((code) => codes.has(code)) ?? 0;
}
