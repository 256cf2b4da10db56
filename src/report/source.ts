/**
 * What a report is written from: a run without its jobs, and its jobs as often as a format needs
 * them, one at a time, so that a run of any size is reported in bounded memory.
 */
import type { ComparisonSource } from "../domain/comparison.ts";
import type { Job, State } from "../domain/job.ts";
import type { RunHead } from "../domain/run.ts";
import { isMet } from "./verdict.ts";

export interface ReportSource {
  readonly head: RunHead;
  /** All jobs in fan-out order, from the first one at every call. */
  jobs(): AsyncIterable<Job>;
  /** The regions side by side, and against earlier runs; absent if nobody can tell. */
  comparison?(): Promise<ComparisonSource>;
  /** Why nothing that is red is to fail a build, a sentence, where whoever asked for this said so. */
  readonly excuse?: string;
}

/**
 * Why what is red in a run fails no build, if it does not: reports for machines say so wherever the
 * exit code does.
 */
export function excuseOf({ excuse, head }: Pick<ReportSource, "excuse" | "head">) {
  return isMet(head) ? "The policy is met all the same." : excuse;
}

/**
 * The same run as its first reading found it, for formats that read it twice: a job that ends in
 * between would stand in the list and be missing from the totals above it. Throws if a later
 * reading has fewer jobs, which means that the run was deleted meanwhile.
 */
export function frozen(source: ReportSource): ReportSource {
  // Where each job stood, by position; a state is all that a job in progress has to tell.
  const states: State[] = [];
  return {
    ...source,
    async *jobs() {
      let position = 0;
      for await (const job of source.jobs()) {
        const state = (states[position++] ??= job.state);
        yield state === job.state ? job : asOpen(job, state);
      }
      if (position < states.length) throw new Error("The run was deleted while it was reported.");
    },
  };
}

/** The job before it ended, or before it began. */
function asOpen({ attempts, jobId, region, startedAt, url }: Job, state: State): Job {
  const known = region === undefined ? { jobId, url } : { jobId, url, region };
  if (state === "queued") return { ...known, state, attempts: 0, results: [] };
  return {
    ...known,
    state,
    attempts,
    results: [],
    ...(startedAt === undefined ? {} : { startedAt }),
  };
}

export function isOpen({ state }: { readonly state: State }): boolean {
  return state === "queued" || state === "running";
}
