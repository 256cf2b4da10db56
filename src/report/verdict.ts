/**
 * What a result means for whoever reads a report: red needs a look. Every format asks here, so
 * that all of them agree.
 */
import type { Result, ResultStatus } from "../domain/result.ts";
import type { RunHead } from "../domain/run.ts";

type Judged = Pick<Result, "status" | "verdict">;

/** Not what was expected; where nothing was, not `pass`. */
export function isRed({ status, verdict }: Judged): boolean {
  return verdict === undefined ? status !== "pass" : verdict === "unexpected";
}

/**
 * Whether a run came out as expected, as its exit code says: what is red in it lies below a policy
 * that was met, and fails no build. A cancelled run never did.
 */
export function isMet({ state, summary }: Pick<RunHead, "state" | "summary">): boolean {
  return summary.verdict === "expected" && state !== "cancelled";
}

/** A status as it is shown: a verdict may turn `pass` and `fail` round. */
export type Look = ResultStatus | "expected-fail" | "unexpected-pass";

export function lookOf(result: Judged): Look {
  if (result.status === "pass" && isRed(result)) return "unexpected-pass";
  return result.status === "fail" && !isRed(result) ? "expected-fail" : result.status;
}

/** What a result counts as in formats that know nothing of expectations. */
export function countedAs(result: Judged): ResultStatus {
  return result.status === "error" ? "error" : isRed(result) ? "fail" : "pass";
}

/** Why a red result without a message of its own is red. */
export function plainReason({ status }: Judged): string {
  return status === "pass"
    ? "The runner passed, which was not expected."
    : `The runner answered ${status}.`;
}

/** Who failed and how, as one word for machines: `transport/connection_refused`. */
export function blame({
  errorCode,
  errorSource,
}: Pick<Result, "errorCode" | "errorSource">): string {
  return [errorSource, errorCode].filter((part) => part !== undefined).join("/");
}
