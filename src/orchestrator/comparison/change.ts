/** Change: one answer against the earlier ones of the same cell. Pure. */
import type { Change } from "../../domain/comparison.ts";
import { type ExpectedStatus, verdictOf } from "../../domain/expectation.ts";
import type { Result } from "../../domain/result.ts";

/** Earlier answers that are looked at. */
export const LOOKED_AT = 5;
/** Changes of colour within them and the answer itself from which on a cell is flaky. */
const FLAKY = 3;

/** A status that is an answer: not that of a job somebody cancelled. */
export type Told = Result["status"];

/** What a result says of the state of things; nothing if it was cancelled. */
export function toldBy({ errorSource, status }: Pick<Result, "status" | "errorSource">) {
  return errorSource === "cancelled" ? undefined : status;
}

/**
 * `earlier`: newest first. All are judged by what is expected now, so that an expectation that is
 * new changes nothing by itself.
 */
export function changeOf(
  now: Told | undefined,
  earlier: readonly Told[],
  expected: ExpectedStatus = "pass",
): Change {
  const [previous] = earlier;
  if (now === undefined || previous === undefined) return "unknown";
  const isRed = (status: Told): boolean => verdictOf(status, expected) === "unexpected";
  const colours = [now, ...earlier.slice(0, LOOKED_AT)].map(isRed);
  const changes = colours.filter((colour, index) => index > 0 && colour !== colours[index - 1]);
  if (changes.length >= FLAKY) return "flaky";
  if (isRed(now)) return isRed(previous) ? "still-failing" : "new-failure";
  return isRed(previous) ? "fixed" : "same";
}
