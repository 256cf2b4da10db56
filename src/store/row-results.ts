/** The results of a job's row, stored or derived. */
import { judged, type Result, unanswered } from "../domain/result.ts";
import { present } from "../lib/present.ts";
import type { JobRow } from "./rows.ts";
import type { PendingJob } from "./store.ts";

/** Results nobody answered are not stored: they follow from the runners and the job's error. */
export function resultsOf(
  row: Pick<
    JobRow,
    "results" | "state" | "error" | "error_code" | "error_source" | "runners" | "expected"
  >,
): Result[] {
  if (row.results !== null) return JSON.parse(row.results) as Result[];
  if (row.state === "queued" || row.state === "running") return [];
  const why = {
    error: row.error ?? "",
    errorSource: row.error_source ?? "orchestrator",
    ...present({ errorCode: row.error_code }),
  } as const;
  const missing = (JSON.parse(row.runners) as PendingJob["runners"]).map(({ name }) =>
    unanswered(name, why),
  );
  const expected = expectedOf(row);
  return expected ? judged(missing, expected) : missing;
}

export function expectedOf({ expected }: Pick<JobRow, "expected">): PendingJob["expected"] | null {
  return jsonOf(expected);
}

/** A column that may hold JSON. */
export function jsonOf<Value>(text: string | null): Value | null {
  return text === null ? null : (JSON.parse(text) as Value);
}
