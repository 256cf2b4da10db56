/** The words for how cells stand against the run before. */
import type { Change, ChangeCounts } from "../domain/comparison.ts";
import { counted } from "./words.ts";

const WORDS: Readonly<Record<Change, string>> = {
  "new-failure": "new failure",
  "still-failing": "still failing",
  fixed: "fixed",
  flaky: "flaky",
  same: "as before",
  unknown: "unknown",
};

export function changeWord(change: Change): string {
  return WORDS[change];
}

/** "2 new failures, 1 still failing, 9 as before". */
export function changesText(changes: ChangeCounts): string {
  return (Object.keys(WORDS) as Change[])
    .filter((change) => changes[change] > 0)
    .map((change) =>
      change === "new-failure"
        ? counted(changes[change], WORDS[change])
        : `${changes[change]} ${WORDS[change]}`,
    )
    .join(", ");
}
