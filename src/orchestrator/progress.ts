/**
 * RunProgress: what one run writes of its jobs, for as long as it takes, under numbers of events that
 * only grow.
 *
 * Jobs that end in one turn of the event loop are recorded together: one transaction, one
 * notification, whatever their number.
 */
import type { JobEnd } from "../domain/job.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { nextTurn } from "../lib/turn.ts";
import type { EndedJob, Moment, PendingJob, RunStore, StoredRun } from "../store/store.ts";
import { keepTrying, type KeepTryingOptions } from "./keep-trying.ts";
import type { Observe } from "./observation.ts";

export interface RunProgressOptions extends KeepTryingOptions {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly observe: Observe;
  /** Called after each change of the run that can be read. */
  readonly changed: () => void;
  /** So many ended jobs were recorded; `error` says why they were not. */
  readonly recorded: (jobs: number, error?: { readonly cause: unknown }) => void;
}

export class RunProgress {
  readonly #run: StoredRun;
  readonly #options: RunProgressOptions;
  #ended: EndedJob[] = [];
  #lastEvent: number;

  constructor(run: StoredRun, options: RunProgressOptions) {
    this.#run = run;
    this.#options = options;
    this.#lastEvent = run.lastEvent;
  }

  /** Repeats a call of the store for as long as it is unavailable and the run is executed here. */
  keep<T>(call: () => Promise<T>): Promise<T> {
    return keepTrying(call, this.#options);
  }

  /** The next moment of the run, which takes up so many events. */
  moment(events = 1): Moment {
    const event = this.#lastEvent + 1;
    this.#lastEvent += events;
    return { at: this.#options.clock.now(), event };
  }

  /** Dispatches begin; resolves once that is recorded. */
  async started(jobs: readonly PendingJob[]): Promise<void> {
    const { changed, store } = this.#options;
    await this.keep(() => store.startJobs(this.#run, jobs, this.moment(jobs.length)));
    changed();
  }

  /** A job ended after so many milliseconds; it is recorded with the others of this turn. */
  ended(job: PendingJob, end: JobEnd, durationMs: number): void {
    this.#ended.push({ job, end, at: this.#options.clock.now(), durationMs });
    if (this.#ended.length === 1) void nextTurn().then(() => this.#recordEnded());
  }

  async #recordEnded(): Promise<void> {
    const { changed, recorded, store } = this.#options;
    const ended = this.#ended;
    this.#ended = [];
    try {
      // Numbered anew when tried again: whoever follows the events has seen later numbers by then.
      await this.keep(() => store.endJobs(this.#run, ended, this.moment(ended.length).event));
      changed();
      for (const job of ended) this.#tell(job);
    } catch (cause) {
      return recorded(ended.length, { cause });
    }
    recorded(ended.length);
  }

  #tell({ end, job }: EndedJob): void {
    const { log, observe } = this.#options;
    const { errorCode, state } = end;
    observe({ type: "job.ended", region: job.region ?? "", state, jobs: 1 });
    if (state === "completed") return;
    log.warn("job failed", { jobId: job.jobId, region: job.region, state, errorCode });
  }
}
