/**
 * Jobs as a store tells them again: what they were asked and what they answered, of one run or of
 * the runs before it.
 */
import type { ExpectedStatus } from "../domain/expectation.ts";
import type { RegionMismatch, RequestedRunner, State } from "../domain/job.ts";
import type { Result } from "../domain/result.ts";

/** What a job was asked and what it answered, for repeating it. */
export interface AnsweredJob {
  readonly position: number;
  readonly url: string;
  readonly region?: string;
  readonly state: State;
  readonly runners: readonly RequestedRunner[];
  /** What each runner is expected to answer, of a run that is judged. */
  readonly expected?: readonly ExpectedStatus[];
  /** One per runner once the job has ended, else empty. */
  readonly results: readonly Result[];
  readonly regionMismatch?: RegionMismatch;
}

/** A job of an ended run. `results` are without details and logs. */
export interface PastJob extends Omit<AnsweredJob, "position" | "expected"> {
  readonly runId: string;
  /** When the job ended, in milliseconds since the epoch. */
  readonly endedAt: number;
}

/** Which past jobs of a url are meant. */
export interface PastQuery {
  readonly region?: string;
  /** Only of runs that were accepted before this one and ended before it did. */
  readonly before?: string;
  /** `next` of the page before. */
  readonly from?: PastCursor;
}

/** Where a page of past jobs ended; opaque to everyone but the store. */
export interface PastCursor {
  readonly run: number;
  readonly job: number;
}

/** `next` is absent on the last page. A page that few jobs fit may be short and not be the last. */
export interface PastPage {
  readonly jobs: readonly PastJob[];
  readonly next?: PastCursor;
}
