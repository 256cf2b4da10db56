/**
 * What the orchestrator measures: runs and jobs by state and region, what is in flight and what
 * waits, how long dispatches and commits take, how late the event loop is.
 */
import type { Metrics } from "../lib/metrics.ts";
import type { Observation } from "./observation.ts";
import type { Orchestrator } from "./orchestrator.ts";

const DISPATCH_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const COMMIT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1];
const LAG_SECONDS = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1];

export interface OrchestratorMetrics {
  readonly observe: (observation: Observation) => void;
  /** A commit took so many milliseconds. */
  readonly committed: (ms: number) => void;
  /** The event loop was so many milliseconds late. */
  readonly late: (ms: number) => void;
}

/** `orchestrator`: read whenever somebody scrapes; it may come into being later. */
export function orchestratorMetrics(
  metrics: Metrics,
  orchestrator: () => Pick<Orchestrator, "activeRuns" | "backlog" | "leaseLeftMs" | "replicas">,
): OrchestratorMetrics {
  const accepted = metrics.counter("volley_runs_accepted_total", "Runs accepted.");
  const runs = metrics.counter("volley_runs_ended_total", "Runs ended, by state.");
  const claimed = metrics.counter(
    "volley_runs_claimed_total",
    "Unfinished runs taken over, from an earlier process or from another replica.",
  );
  const lost = metrics.counter("volley_runs_lost_total", "Runs that another replica took over.");
  const jobs = metrics.counter("volley_jobs_ended_total", "Jobs ended, by state and region.");
  const retries = metrics.counter("volley_job_retries_total", "Attempts repeated, by region.");
  const dispatch = metrics.histogram(
    "volley_dispatch_seconds",
    "Time from dispatch to outcome, by region.",
    DISPATCH_SECONDS,
  );
  const commit = metrics.histogram(
    "volley_commit_seconds",
    "Time of a group commit of the run store.",
    COMMIT_SECONDS,
  );
  const lag = metrics.histogram(
    "volley_event_loop_lag_seconds",
    "How late a timer fired, measured ten times a second.",
    LAG_SECONDS,
  );
  const inFlight = new Map<string, number>();
  const change = (region: string, by: number): void => {
    inFlight.set(region, (inFlight.get(region) ?? 0) + by);
  };
  metrics.gauge("volley_jobs_in_flight", "Jobs dispatched and not answered, by region.", () =>
    Array.from(inFlight, ([region, count]) => [{ region }, count] as const),
  );
  metrics.gauge("volley_jobs_queued", "Jobs waiting to be dispatched.", () => [
    [{}, orchestrator().backlog],
  ]);
  metrics.gauge("volley_runs_active", "Runs in progress.", () => [[{}, orchestrator().activeRuns]]);

  metrics.gauge("volley_replicas", "Replicas that share the run store, as last heard.", () => [
    [{}, orchestrator().replicas],
  ]);
  metrics.gauge(
    "volley_lease_seconds",
    "How long this replica is still sure to own its runs; renewed three times in a lease.",
    () => {
      const left = orchestrator().leaseLeftMs;
      return left === Infinity ? [] : [[{}, left / 1_000]];
    },
  );

  const observe = (observation: Observation): void => {
    switch (observation.type) {
      case "run.accepted":
        return accepted();
      case "run.claimed":
        return claimed();
      case "run.lost":
        return lost();
      case "run.ended":
        return runs({ state: observation.state });
      case "job.started":
        return change(observation.region, 1);
      case "job.answered":
        change(observation.region, -1);
        return dispatch(observation.ms / 1_000, { region: observation.region });
      case "job.retried":
        return retries({ region: observation.region });
      case "job.ended":
        return jobs({ state: observation.state, region: observation.region }, observation.jobs);
    }
  };
  return {
    observe,
    committed: (ms) => commit(ms / 1_000),
    late: (ms) => lag(ms / 1_000),
  };
}
