/**
 * InFlight: the jobs of one run from their start to the record of their end, with all attempts.
 *
 * A start is recorded before the dispatch it stands for. Jobs start in groups: one transaction and
 * one check of the ownership for all.
 */
import type { JobEnd } from "../domain/job.ts";
import type { Clock } from "../lib/clock.ts";
import { firstAborted } from "../lib/first-aborted.ts";
import type { PendingJob, StoredRun } from "../store/store.ts";
import { type Attempt, attempt, type AttemptOptions } from "./attempt.ts";
import type { RunPermits } from "./capacity.ts";
import type { Observe } from "./observation.ts";
import { endsRun, judgedEnd, stoppedJob } from "./outcome.ts";
import type { Ownership } from "./ownership.ts";
import type { Pace } from "./pace.ts";
import type { RunProgress } from "./progress.ts";
import { retryDelay } from "./retry.ts";
import type { RunStop } from "./run-stop.ts";

export interface InFlightOptions extends Omit<AttemptOptions, "signal" | "stopped"> {
  readonly clock: Clock;
  /** From [0, 1). */
  readonly random: () => number;
  readonly ownership: Pick<Ownership, "assured">;
  readonly observe: Observe;
  readonly pace: Pace;
  readonly progress: RunProgress;
  readonly stop: RunStop;
  /** What is left of the run's limit, in milliseconds. */
  readonly remaining: () => number;
  /** A job is not accounted for. */
  readonly failed: (error: unknown) => void;
}

/** A job that may start, and the permit it starts under. */
export interface Granted {
  readonly job: PendingJob;
  readonly permit: Disposable;
}

export class InFlight {
  readonly #run: StoredRun;
  readonly #options: InFlightOptions;
  readonly #attempts: AttemptOptions;
  #jobs = 0;
  #idle = Promise.withResolvers<void>();

  constructor(run: StoredRun, options: InFlightOptions) {
    const { stop } = options;
    this.#run = run;
    this.#options = options;
    this.#attempts = { ...options, signal: () => stop.dispatching(), stopped: () => stop.reason };
  }

  /** Resolves once every job has been recorded, or left for a later process. */
  async idle(): Promise<void> {
    while (this.#jobs > 0) await this.#idle.promise;
  }

  /** Starts jobs, in order. Never rejects. */
  async start(group: readonly Granted[], permits: RunPermits): Promise<void> {
    const { clock, failed, ownership, pace, progress, stop } = this.#options;
    this.#jobs += group.length;
    const started = clock.monotonic();
    try {
      await progress.started(group.map(({ job }) => job));
      await pace.go(group.length, stop.dispatching());
      // The process may have slept since the store was asked.
      await ownership.assured(stop.dispatching());
    } catch (error) {
      for (const { permit } of group) permit[Symbol.dispose]();
      failed(error);
      return this.settled(group.length);
    }
    for (const granted of group) void this.#execute(granted, permits, started);
  }

  /** Ends a job without a dispatch. */
  end(job: PendingJob, end: JobEnd): void {
    this.#jobs++;
    this.#ended(job, end, this.#options.clock.monotonic());
  }

  /** So many jobs are no longer in flight. */
  settled(jobs: number): void {
    this.#jobs -= jobs;
    if (this.#jobs > 0) return;
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
  }

  /** All attempts of a job. Leaves it open if it has to wait and the server stops meanwhile. */
  async #execute({ job, permit }: Granted, permits: RunPermits, started: number): Promise<void> {
    try {
      // A restart gives no retries anew; the attempt that it cut off is made good for.
      let used = Math.max(0, job.attempts - 1);
      for (let held: Disposable | undefined = permit; held; used++) {
        const outcome = await this.#attempt(job, held);
        if (!outcome) return this.settled(1);
        const delay = this.#delay(outcome, used);
        if (delay === undefined) return this.#ended(job, outcome, started);
        held = await this.#again(job, delay, permits);
      }
      const { reason } = this.#options.stop;
      if (!endsRun(reason)) return this.settled(1);
      this.#ended(job, stoppedJob(reason, "between attempts", this.#run.timeoutMs), started);
    } catch (error) {
      this.#options.failed(error);
      this.settled(1);
    }
  }

  /** One attempt under a permit; undefined if the job stays open for a later process. */
  async #attempt(job: PendingJob, permit: Disposable): Promise<Attempt | undefined> {
    using _held = permit;
    const { clock, observe, pace } = this.#options;
    const region = job.region ?? "";
    observe({ type: "job.started", region });
    const dispatched = clock.monotonic();
    try {
      return await attempt(this.#run, job, this.#attempts);
    } finally {
      pace.answered();
      observe({ type: "job.answered", region, ms: clock.monotonic() - dispatched });
    }
  }

  /** Milliseconds until the next attempt; undefined if there is none. */
  #delay(outcome: Attempt, used: number): number | undefined {
    const { random, remaining, stop } = this.#options;
    if (outcome.state === "completed" || stop.reason) return undefined;
    const budget = { allowed: this.#run.retries, used, remainingMs: remaining() };
    return retryDelay(outcome, budget, random);
  }

  /** Waits, then starts a job anew; undefined if the run stopped meanwhile. */
  async #again(
    job: PendingJob,
    delay: number,
    permits: RunPermits,
  ): Promise<Disposable | undefined> {
    const { clock, observe, ownership, pace, progress, stop } = this.#options;
    observe({ type: "job.retried", region: job.region ?? "" });
    await firstAborted(clock.deadline(delay), stop.starting);
    const permit = await permits.acquire(job.region, stop.starting);
    if (!permit) return undefined;
    try {
      await progress.started([job]);
      await pace.go(1, stop.dispatching());
      await ownership.assured(stop.dispatching());
      return permit;
    } catch (error) {
      permit[Symbol.dispose]();
      throw error;
    }
  }

  #ended(job: PendingJob, end: JobEnd, started: number): void {
    const { clock, progress } = this.#options;
    // A job that an earlier process started is measured on the wall clock: all they share.
    const elapsed =
      job.startedAt === undefined ? clock.monotonic() - started : clock.now() - job.startedAt;
    progress.ended(job, judgedEnd(job, end), Math.max(0, Math.round(elapsed)));
  }
}
