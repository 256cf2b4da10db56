/**
 * Rows of the database as shapes of the domain. Unknown values are absent, never null.
 */
import type { RunEvent } from "../domain/event.ts";
import type { Policy, Verdict } from "../domain/expectation.ts";
import { type Job, type RegionMismatch, type State, type Timing, timingOf } from "../domain/job.ts";
import type { ErrorSource, Result } from "../domain/result.ts";
import type { ListedRun, Mode, RunHead, RunStatus } from "../domain/run.ts";
import type { RunWarning } from "../domain/warning.ts";
import { present } from "../lib/present.ts";
import { timestamp } from "../lib/timestamp.ts";
import type { AnsweredJob } from "./answered.ts";
import { expectedOf, jsonOf, resultsOf } from "./row-results.ts";
import type { JobTally, PendingJob, RunSettings, StoredRun } from "./store.ts";

export interface RunRow {
  readonly key: number;
  readonly run_id: string;
  readonly parent_run_id: string | null;
  readonly mode: Mode;
  readonly tags: string;
  readonly concurrency: number | null;
  readonly timeout_ms: number;
  readonly job_timeout_ms: number | null;
  readonly retries: number;
  readonly warnings: string | null;
  readonly state: State;
  readonly total_jobs: number;
  readonly queued_jobs: number;
  readonly running_jobs: number;
  readonly completed_jobs: number;
  readonly failed_jobs: number;
  readonly timed_out_jobs: number;
  readonly cancelled_jobs: number;
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly errored: number;
  readonly policy: string | null;
  readonly expected: number | null;
  readonly unexpected: number | null;
  readonly verdict: Verdict | null;
  readonly localized: string | null;
  readonly ignore: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly completed_at: number | null;
  readonly duration_ms: number | null;
  readonly cancelled_at: number | null;
  readonly last_event: number;
}

export interface JobRow {
  readonly key: number;
  readonly position: number;
  readonly job_id: string;
  readonly url: string;
  readonly region: string | null;
  readonly runners: string;
  readonly expected: string | null;
  readonly state: State;
  readonly attempts: number;
  readonly results: string | null;
  readonly error: string | null;
  readonly error_code: string | null;
  readonly error_source: ErrorSource | null;
  readonly region_mismatch: string | null;
  readonly started_at: number | null;
  readonly completed_at: number | null;
  readonly duration_ms: number | null;
  readonly started_event: number | null;
  readonly ended_event: number | null;
}

/** What is read of a job that has not ended. */
export type PendingRow = Pick<
  JobRow,
  | "key"
  | "position"
  | "job_id"
  | "url"
  | "region"
  | "runners"
  | "expected"
  | "attempts"
  | "started_at"
>;

export function toStoredRun(row: RunRow, epoch = 1): StoredRun {
  return {
    key: row.key,
    epoch,
    runId: row.run_id,
    state: row.state,
    mode: row.mode,
    timeoutMs: row.timeout_ms,
    retries: row.retries,
    createdAt: row.created_at,
    queuedJobs: row.queued_jobs,
    cancelled: row.cancelled_at !== null,
    lastEvent: row.last_event,
    ...present({
      concurrency: row.concurrency,
      jobTimeoutMs: row.job_timeout_ms,
      policy: jsonOf<Policy>(row.policy),
    }),
  };
}

/** What a status tells, which is asked for more often than anything else. */
export type StatusRow = Pick<
  RunRow,
  | "run_id"
  | "state"
  | "total_jobs"
  | "queued_jobs"
  | "running_jobs"
  | "completed_jobs"
  | "failed_jobs"
  | "timed_out_jobs"
  | "cancelled_jobs"
  | "created_at"
  | "updated_at"
  | "warnings"
>;

export function toRunStatus(row: StatusRow): RunStatus {
  const status: RunStatus = {
    runId: row.run_id,
    state: row.state,
    totalJobs: row.total_jobs,
    completedJobs: row.completed_jobs,
    failedJobs: row.failed_jobs + row.timed_out_jobs + row.cancelled_jobs,
    queuedJobs: row.queued_jobs,
    runningJobs: row.running_jobs,
    createdAt: timestamp(row.created_at),
    updatedAt: timestamp(row.updated_at),
  };
  if (row.warnings !== null) status.warnings = JSON.parse(row.warnings) as RunWarning[];
  return status;
}

/** How a run's jobs ended so far; nothing of a run that is gone. */
export function toTally(row: RunRow | null | undefined): JobTally {
  return {
    completed: row?.completed_jobs ?? 0,
    failed: row?.failed_jobs ?? 0,
    timedOut: row?.timed_out_jobs ?? 0,
    cancelled: row?.cancelled_jobs ?? 0,
    ...present({ unexpected: row?.unexpected }),
  };
}

export function toRunHead(row: RunRow): RunHead {
  const { total, passed, failed, errored, expected, unexpected, verdict } = row;
  const localized = jsonOf<string[]>(row.localized);
  const judgement = present({ expected, unexpected, verdict, localized });
  return {
    runId: row.run_id,
    ...present({ parentRunId: row.parent_run_id }),
    mode: row.mode,
    tags: JSON.parse(row.tags) as string[],
    state: row.state,
    summary: { total, passed, failed, errored, ...judgement },
    createdAt: timestamp(row.created_at),
    ...present({ completedAt: timestampOrNull(row.completed_at), durationMs: row.duration_ms }),
    ...warnings(row),
  };
}

function warnings({ warnings: json }: Pick<RunRow, "warnings">): Pick<RunHead, "warnings"> {
  return json === null ? {} : { warnings: JSON.parse(json) as RunWarning[] };
}

/** A list leaves out the warnings of its runs. */
export function toListedRun(row: RunRow): ListedRun {
  const unwarned = { ...row, warnings: null };
  const { mode, summary, tags } = toRunHead(unwarned);
  return { ...toRunStatus(unwarned), mode, tags, summary };
}

export function toRunSettings(row: RunRow): RunSettings {
  return {
    mode: row.mode,
    tags: JSON.parse(row.tags) as string[],
    timeout: row.timeout_ms,
    retries: row.retries,
    ...present({
      concurrency: row.concurrency,
      jobTimeout: row.job_timeout_ms,
      policy: jsonOf<Policy>(row.policy),
      ignore: jsonOf<string[]>(row.ignore),
    }),
    ended: row.completed_at !== null,
  };
}

export function toAnsweredJob(row: JobRow): AnsweredJob {
  return {
    position: row.position,
    url: row.url,
    ...present({ region: row.region }),
    state: row.state,
    runners: JSON.parse(row.runners) as AnsweredJob["runners"],
    ...present({ expected: expectedOf(row), regionMismatch: mismatchOf(row) }),
    results: resultsOf(row),
  };
}

function mismatchOf({ region_mismatch }: JobRow): RegionMismatch | null {
  return jsonOf<RegionMismatch>(region_mismatch);
}

export function toJobStarted(row: JobRow): RunEvent {
  const { attempts, job_id, region, started_event, url } = row;
  const data = { jobId: job_id, url, ...present({ region }), attempt: attempts };
  return { id: started_event ?? 0, type: "job.started", data };
}

export function toJobFinished(row: JobRow, run: RunOfJob): RunEvent {
  return { id: row.ended_event ?? 0, type: "job.finished", data: { job: toJob(row, run) } };
}

export function toPendingJob(row: PendingRow): PendingJob {
  return {
    key: row.key,
    position: row.position,
    jobId: row.job_id,
    url: row.url,
    runners: JSON.parse(row.runners) as PendingJob["runners"],
    attempts: row.attempts,
    ...present({ region: row.region, expected: expectedOf(row), startedAt: row.started_at }),
  };
}

/** What a job's shape takes from its run. */
export type RunOfJob = Pick<RunRow, "created_at" | "mode">;

export function toJob(row: JobRow, run: RunOfJob): Job {
  const told = resultsOf(row);
  return {
    jobId: row.job_id,
    url: row.url,
    ...present({ region: row.region }),
    state: row.state,
    attempts: row.attempts,
    results: told,
    ...present({
      regionMismatch: mismatchOf(row),
      error: row.error,
      errorCode: row.error_code,
      errorSource: row.error_source,
      startedAt: timestampOrNull(row.started_at),
      completedAt: timestampOrNull(row.completed_at),
      durationMs: row.duration_ms,
      timing: timing(row, told, run),
    }),
  };
}

function timing(
  row: JobRow,
  told: readonly Result[],
  { created_at, mode }: RunOfJob,
): Timing | null {
  const { duration_ms, started_at } = row;
  if (started_at === null || duration_ms === null) return null;
  return timingOf({
    // The clock may have been stepped back in between.
    queueMs: Math.max(0, started_at - created_at),
    durationMs: duration_ms,
    results: told,
    remote: mode === "remote",
  });
}

function timestampOrNull(ms: number | null): string | null {
  return ms === null ? null : timestamp(ms);
}
