/** Why cells are red, as every format for people tells it: one list, and the same words. */
import type { Cause } from "../domain/comparison.ts";
import { oneLine } from "./untrusted-text.ts";
import { blame } from "./verdict.ts";
import { counted } from "./words.ts";

/** What is red in a run, and all causes of it. */
export interface Red {
  readonly red: number;
  readonly causes: readonly Cause[];
}

/** "9 red cells, 1 cause". */
export function redCount({ causes, red }: Red): string {
  return `${counted(red, "red cell")}, ${counted(causes.length, "cause")}`;
}

/** "ERR_CERT_DATE_INVALID, all eu-* (target/navigation_failed): titleTest", on one line. */
export function causeText(cause: Cause): string {
  const who = runnersOf(cause);
  const whose = blame(cause);
  return [
    `${oneLine(cause.cause).replace(/\.$/, "")}, ${cause.where}`,
    whose === "" ? "" : ` (${whose})`,
    who === undefined ? "" : `: ${who}`,
  ].join("");
}

/** "titleTest, cookieBannerTest and 3 more"; undefined where the cause itself names its runner. */
export function runnersOf({ example, moreRunners = 0, runners }: Cause): string | undefined {
  if (example === undefined && runners.length === 1) return undefined;
  return runners.join(", ") + (moreRunners > 0 ? ` and ${moreRunners} more` : "");
}

/** One of the errors where the cause is less than what it said. */
export function exampleOf({ cause, example }: Cause): string | undefined {
  const text = oneLine(example ?? "");
  return text === "" || text === oneLine(cause) ? undefined : text;
}

/** "… and 3 more causes (12 red cells)"; undefined if there are none. */
export function moreCauses(left: readonly Cause[]): string | undefined {
  if (left.length === 0) return undefined;
  const cells = left.reduce((sum, cause) => sum + cause.cells, 0);
  return `… and ${counted(left.length, "more cause")} (${counted(cells, "red cell")})`;
}
