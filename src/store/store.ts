/**
 * RunStore: the contract every store keeps, embedded or shared.
 *
 * A run's counters change in the same transaction as its jobs, and a run that has ended never
 * changes again. Methods reject with AppError `store_unavailable` when nothing was written.
 */
import type { EndState, Job, JobEnd, RequestedRunner, State } from "../domain/job.ts";
import type { Mode, RunHead, RunStatus } from "../domain/run.ts";

/** A run as it is handed over for keeping. Times are milliseconds since the epoch. */
export interface NewRun {
  readonly runId: string;
  readonly mode: Mode;
  readonly tags: readonly string[];
  readonly concurrency?: number;
  /** Limit of the whole run in milliseconds, counted from `createdAt`. */
  readonly timeoutMs: number;
  readonly createdAt: number;
  /** Digest of the request body: tells a repeated submit from another one with the same id. */
  readonly requestDigest: string;
  readonly idempotencyKey?: string;
  readonly jobs: readonly NewJob[];
}

export interface NewJob {
  readonly jobId: string;
  readonly url: string;
  readonly region?: string;
  readonly runners: readonly RequestedRunner[];
}

/** `key` is the store's own handle of a row; opaque to everyone else. */
export interface StoredRun {
  readonly key: number;
  readonly runId: string;
  readonly state: State;
  readonly mode: Mode;
  readonly concurrency?: number;
  readonly timeoutMs: number;
  readonly createdAt: number;
}

/** A job that has not ended. */
export interface PendingJob extends NewJob {
  readonly key: number;
  readonly position: number;
  readonly attempts: number;
  /** First dispatch, if there was one. */
  readonly startedAt?: number;
}

/** `existing`: a run with that id or idempotency key was there already, and nothing was written. */
export type Submitted =
  | { readonly created: true; readonly run: StoredRun }
  | { readonly created: false; readonly runId: string; readonly requestDigest: string };

/** Times of a job's or a run's end: milliseconds since the epoch, and elapsed milliseconds. */
export interface EndTimes {
  readonly at: number;
  readonly durationMs: number;
}

export interface JobTally {
  readonly completed: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly cancelled: number;
}

export interface RunStore {
  /** Keeps the run; resolves once it is durably on disk. */
  submit(run: NewRun): Promise<Submitted>;

  /** Runs that have not ended, oldest first. */
  unfinishedRuns(): Promise<StoredRun[]>;
  /** Jobs of a run that have not ended, with `position > after`, in fan-out order. */
  pendingJobs(run: StoredRun, after: number, limit: number): Promise<PendingJob[]>;

  /** A dispatch begins: the job is `running`, and so is its run. */
  startJob(run: StoredRun, job: PendingJob, at: number): Promise<void>;
  /** A started job ended. */
  endJob(run: StoredRun, job: PendingJob, end: JobEnd, times: EndTimes): Promise<void>;
  /** Every job of the run that has not ended does so at once, without results. */
  endOpenJobs(run: StoredRun, end: JobEnd, at: number): Promise<void>;
  /** How the run's jobs ended so far. */
  tally(run: StoredRun): Promise<JobTally>;
  /** The run's one terminal transition; resolves once it is durably on disk. */
  endRun(run: StoredRun, state: EndState, times: EndTimes): Promise<void>;

  findStatus(runId: string): Promise<RunStatus | undefined>;
  findRun(runId: string): Promise<RunHead | undefined>;
  /** Jobs of a run with `position > after`, in fan-out order. */
  findJobs(runId: string, after: number, limit: number): Promise<Job[]>;

  close(): Promise<void>;
}
