/** Counts of a run's jobs and results, taken from the jobs themselves. */
import type { Job, State } from "../domain/job.ts";
import { countResults } from "../domain/result.ts";
import { countedAs } from "./verdict.ts";

export class Tally {
  jobs = 0;
  passed = 0;
  failed = 0;
  errored = 0;
  /** Red results that are no errors: what a `fail` is where nothing is expected. */
  redFailed = 0;
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
    this.redFailed += results.filter((result) => countedAs(result) === "fail").length;
  }

  /** Results that need a look. */
  get red(): number {
    return this.redFailed + this.errored;
  }

  /** Results known so far. */
  get known(): number {
    return this.passed + this.failed + this.errored;
  }
}
