/** Rows of past jobs as the history of a url tells them. */
import { present } from "../lib/present.ts";
import type { PastJob } from "./answered.ts";
import { resultsOf } from "./row-results.ts";
import type { JobRow } from "./rows.ts";

/** What is read of a job of the past: `results` without details and logs. */
export type PastRow = Omit<JobRow, "position"> & {
  readonly run: number;
  readonly run_id: string;
};

export function toPastJob(row: PastRow): PastJob {
  return {
    runId: row.run_id,
    url: row.url,
    ...present({ region: row.region }),
    state: row.state,
    runners: JSON.parse(row.runners) as PastJob["runners"],
    results: resultsOf(row),
    endedAt: row.completed_at ?? 0,
  };
}
