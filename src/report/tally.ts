/** Counts of a run's jobs and results, taken from the jobs themselves. */
import type { Job, State } from "../domain/job.ts";
import { countResults } from "../domain/result.ts";

export class Tally {
  jobs = 0;
  passed = 0;
  failed = 0;
  errored = 0;
  readonly states: Record<State, number> = {
    queued: 0,
    running: 0,
    completed: 0,
    failed: 0,
    timed_out: 0,
    cancelled: 0,
  };

  add({ results, state }: Job): void {
    this.jobs++;
    this.states[state]++;
    const { errored, failed, passed } = countResults(results);
    this.passed += passed;
    this.failed += failed;
    this.errored += errored;
  }

  /** Results known so far. */
  get known(): number {
    return this.passed + this.failed + this.errored;
  }
}
