/**
 * Decisions about ends, pure: how a job ended, and in which state its run ends.
 */
import type { JobOutcome } from "../dispatch/dispatch.ts";
import type { EndState, JobEnd } from "../domain/job.ts";
import { judged } from "../domain/result.ts";
import type { JobTally, NewJob } from "../store/store.ts";

/** Why a run ends before its jobs are done. */
export type EndReason = "timed_out" | "cancelled";

/**
 * Why a run stops here. `shutdown` and `lost` end nothing: the run is resumed later, or by another
 * replica, which owns it now.
 */
export type StopReason = EndReason | "shutdown" | "lost";

export function endsRun(reason: StopReason | undefined): reason is EndReason {
  return reason === "timed_out" || reason === "cancelled";
}

const PHASES = {
  "in flight": "while this job was in flight",
  waiting: "before this job had its turn",
  "between attempts": "while this job waited for another attempt",
} as const;

/** The end of a job whose run stopped before it. */
export function stoppedJob(
  reason: EndReason,
  phase: keyof typeof PHASES,
  timeoutMs: number,
): JobEnd {
  if (reason === "cancelled") {
    return {
      state: "cancelled",
      error: `The run was cancelled ${PHASES[phase]}.`,
      errorCode: "cancelled",
      errorSource: "cancelled",
    };
  }
  return {
    state: "timed_out",
    error: `The run's limit of ${timeoutMs} ms struck ${PHASES[phase]}.`,
    errorCode: "run_timed_out",
    errorSource: "timeout",
  };
}

/** The end of a job whose own limit struck. */
export function lateJob(jobTimeoutMs: number): JobEnd {
  return {
    state: "timed_out",
    error: `The job's limit of ${jobTimeoutMs} ms struck.`,
    errorCode: "job_timed_out",
    errorSource: "timeout",
  };
}

/** The end of a job that was in flight when an earlier process ended, and is not to be repeated. */
export const interruptedJob: JobEnd = {
  state: "failed",
  error: "The orchestrator was stopped while this job was in flight.",
  errorCode: "interrupted",
  errorSource: "orchestrator",
};

/** The end of the jobs of a run that a defect of ours kept from being executed. */
export const brokenJob: JobOutcome = {
  state: "failed",
  error: "The orchestrator failed to execute this job; its log says why.",
  errorCode: "internal",
  errorSource: "orchestrator",
};

/**
 * The end of a dispatched job. An outcome that was complete before the run stopped is kept; a
 * dispatch that failed because it was aborted counts as stopped.
 */
export function jobEnd(
  outcome: JobOutcome,
  stop: EndReason | undefined,
  timeoutMs: number,
): JobEnd {
  if (stop && outcome.state === "failed") return stoppedJob(stop, "in flight", timeoutMs);
  return outcome;
}

/** The end of a job of a run that is judged: its results with their verdicts. */
export function judgedEnd({ expected }: Pick<NewJob, "expected">, end: JobEnd): JobEnd {
  return expected && end.results ? { ...end, results: judged(end.results, expected) } : end;
}

/** The state of a run all of whose jobs have ended. */
export function runEndState(tally: JobTally, cancelled: boolean): EndState {
  if (cancelled) return "cancelled";
  if (tally.timedOut > 0) return "timed_out";
  if (tally.failed > 0 || tally.cancelled > 0) return "failed";
  return "completed";
}
