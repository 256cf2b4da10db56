/**
 * What a report is written from: a run without its jobs, and its jobs as often as a format needs
 * them, one at a time, so that a run of any size is reported in bounded memory.
 */
import type { Job } from "../domain/job.ts";
import type { RunHead } from "../domain/run.ts";

export interface ReportSource {
  readonly head: RunHead;
  /** All jobs in fan-out order, from the first one at every call. */
  jobs(): AsyncIterable<Job>;
}

/** A run that is in memory as a whole. */
export function sourceOf(run: RunHead & { readonly jobs: readonly Job[] }): ReportSource {
  const { jobs, ...head } = run;
  return {
    head,
    async *jobs() {
      yield* jobs;
    },
  };
}
