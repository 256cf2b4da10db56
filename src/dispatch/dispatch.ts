/**
 * The contract between the core and whatever executes a job: an HTTP endpoint or a runner host.
 */
import type { JobEnd, RequestedRunner } from "../domain/job.ts";

/** One attempt of one job. */
export interface DispatchJob {
  readonly runId: string;
  readonly jobId: string;
  readonly url: string;
  readonly region?: string;
  readonly runners: readonly RequestedRunner[];
}

/** What came of a dispatch. Limits and cancellation are the core's to judge, not the dispatcher's. */
export type JobOutcome = JobEnd & {
  readonly state: "completed" | "failed";
  /** Present if another attempt may succeed; `afterMs`: not earlier, said the endpoint. */
  readonly retry?: { readonly afterMs?: number };
  /** The region that the answer names as its own. */
  readonly reportedRegion?: string;
};

/**
 * Dispatches a job once and settles soon after `signal` aborts. Never rejects for anything an
 * endpoint or a runner did: that is a `failed` outcome. `results`, if any, holds one entry per
 * runner of the job, in the same order.
 */
export type Dispatch = (job: DispatchJob, signal: AbortSignal) => Promise<JobOutcome>;
