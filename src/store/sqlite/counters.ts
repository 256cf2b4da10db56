/**
 * RunCounters: changes of run counters within one transaction, added up so that each run's row is
 * written once per commit and not once per job.
 */
import type { EndState } from "../../domain/job.ts";
import { countResults, countVerdicts } from "../../domain/result.ts";
import type { EndedJob, Moment } from "../store.ts";
import type { Statements } from "./statements.ts";

/** By how much each counter changes. */
export interface CounterChange {
  queued_jobs: number;
  running_jobs: number;
  completed_jobs: number;
  failed_jobs: number;
  timed_out_jobs: number;
  cancelled_jobs: number;
  passed: number;
  failed: number;
  errored: number;
  expected: number;
  unexpected: number;
}

interface Pending {
  readonly change: CounterChange;
  at: number;
  event: number;
}

const ENDED = {
  completed: "completed_jobs",
  failed: "failed_jobs",
  timed_out: "timed_out_jobs",
  cancelled: "cancelled_jobs",
} as const satisfies Record<EndState, keyof CounterChange>;

export class RunCounters {
  readonly #update: Statements["addToCounters"];
  readonly #pending = new Map<number, Pending>();

  constructor(update: Statements["addToCounters"]) {
    this.#update = update;
  }

  /** What is added to the counters of a run, to be changed in place. `moment`: of the change. */
  of(run: number, { at, event }: Moment): CounterChange {
    let pending = this.#pending.get(run);
    if (!pending) this.#pending.set(run, (pending = { change: noChange(), at, event }));
    pending.at = Math.max(pending.at, at);
    pending.event = Math.max(pending.event, event);
    return pending.change;
  }

  /** Writes what was added. Call inside the transaction, after its other writes. */
  flush(): void {
    for (const [key, { at, change, event }] of this.#pending) {
      this.#update.run(
        key,
        at,
        event,
        change.queued_jobs,
        change.running_jobs,
        change.completed_jobs,
        change.failed_jobs,
        change.timed_out_jobs,
        change.cancelled_jobs,
        change.passed,
        change.failed,
        change.errored,
        change.expected,
        change.unexpected,
      );
    }
    this.#pending.clear();
  }

  clear(): void {
    this.#pending.clear();
  }
}

/** Adds the end of jobs that have no results: so many queued and running ones, of so many runners. */
export function countOpen(
  change: CounterChange,
  state: EndState,
  { queued, runners, running }: { queued: number; running: number; runners: number },
): void {
  change.queued_jobs -= queued;
  change.running_jobs -= running;
  change[ENDED[state]] += queued + running;
  change.errored += runners;
  change.unexpected += runners;
}

/** Adds the end of a running job. */
export function countEnd(change: CounterChange, { end, job }: EndedJob): void {
  change.running_jobs--;
  change[ENDED[end.state]]++;
  const { errored, failed, passed } = countResults(end.results ?? []);
  change.passed += passed;
  change.failed += failed;
  change.errored += end.results ? errored : job.runners.length;
  if (!job.expected) return;
  const { expected, unexpected } = countVerdicts(end.results ?? [], job.expected.length);
  change.expected += expected;
  change.unexpected += unexpected;
}

function noChange(): CounterChange {
  return {
    queued_jobs: 0,
    running_jobs: 0,
    completed_jobs: 0,
    failed_jobs: 0,
    timed_out_jobs: 0,
    cancelled_jobs: 0,
    passed: 0,
    failed: 0,
    errored: 0,
    expected: 0,
    unexpected: 0,
  };
}
