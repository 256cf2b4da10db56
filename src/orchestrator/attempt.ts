/**
 * One attempt of one job: a dispatch under the limits of the job and of its run.
 *
 * Limits are judged here and not by the dispatcher: an outcome that was complete before a limit
 * struck is kept, a failure after it is the limit's.
 */
import type { Dispatch, DispatchJob, JobOutcome } from "../dispatch/dispatch.ts";
import type { JobEnd } from "../domain/job.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { PendingJob, StoredRun } from "../store/store.ts";
import { brokenJob, endsRun, jobEnd, lateJob, stoppedJob, type StopReason } from "./outcome.ts";

export interface AttemptOptions {
  readonly dispatch: Dispatch;
  readonly clock: Clock;
  readonly log: Log;
  /** A signal for one dispatch, which aborts when the run stops. */
  readonly signal: () => AbortSignal;
  /** Why it stopped, once it did. */
  readonly stopped: () => StopReason | undefined;
}

export type Attempt = JobEnd & Pick<JobOutcome, "retry">;

/** How the attempt ended; undefined if it was cut off by what ends nothing. */
export async function attempt(
  run: StoredRun,
  job: PendingJob,
  options: AttemptOptions,
): Promise<Attempt | undefined> {
  const { clock, dispatch, log, signal, stopped } = options;
  const before = stopped();
  if (before) {
    return endsRun(before) ? stoppedJob(before, "waiting", run.timeoutMs) : undefined;
  }
  const limit = run.jobTimeoutMs === undefined ? undefined : clock.deadline(run.jobTimeoutMs);
  const ends = limit ? AbortSignal.any([signal(), limit]) : signal();
  let outcome: JobOutcome;
  try {
    outcome = await dispatch(dispatchJob(run, job), ends);
  } catch (error) {
    log.error("dispatch failed unexpectedly", { jobId: job.jobId, error });
    outcome = brokenJob;
  }
  const stop = stopped();
  if (stop === "lost") return undefined;
  if (outcome.state === "completed") return outcome;
  if (stop === "shutdown") return undefined;
  if (!stop && limit?.aborted) return lateJob(run.jobTimeoutMs ?? 0);
  return jobEnd(outcome, stop, run.timeoutMs);
}

function dispatchJob(
  { runId }: StoredRun,
  { jobId, region, runners, url }: PendingJob,
): DispatchJob {
  return region === undefined
    ? { runId, jobId, url, runners }
    : { runId, jobId, url, region, runners };
}
