/**
 * Events: what happened in a run, numbered from 1 in the order it happened.
 *
 * A run's first event is `run.started` and its last `run.finished`; in between, each job starts,
 * once per attempt, and is finished once.
 */
import type { Job } from "./job.ts";
import type { RunStatus, SummaryCounts } from "./run.ts";

export type RunEvent =
  | { readonly id: number; readonly type: "run.started"; readonly data: { totalJobs: number } }
  | { readonly id: number; readonly type: "job.started"; readonly data: JobStarted }
  | { readonly id: number; readonly type: "job.finished"; readonly data: { job: Job } }
  | { readonly id: number; readonly type: "run.finished"; readonly data: RunFinished };

export interface JobStarted {
  readonly jobId: string;
  readonly url: string;
  readonly region?: string;
  readonly attempt: number;
}

export interface RunFinished {
  readonly status: RunStatus;
  readonly summary: SummaryCounts;
}
