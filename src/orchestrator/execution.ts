/**
 * RunExecution: drives one accepted run to its one terminal state.
 *
 * Jobs are read from the store in pages and started in fan-out order as permits allow, so a run
 * of any size needs memory only for what is in flight. Nothing starts after the run has stopped,
 * and a start is recorded before the dispatch it stands for.
 */
import type { Dispatch, DispatchJob, JobOutcome } from "../dispatch/dispatch.ts";
import { AppError } from "../domain/errors.ts";
import type { JobEnd } from "../domain/job.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { present } from "../lib/present.ts";
import { Semaphore } from "../lib/semaphore.ts";
import type { EndTimes, PendingJob, RunStore, StoredRun } from "../store/store.ts";
import { jobEnd, runEndState, stoppedJob, type StopReason } from "./outcome.ts";

const PAGE_SIZE = 256;
const STORE_RETRY_MS = 1_000;

export interface ExecutionDeps {
  readonly store: RunStore;
  readonly dispatch: Dispatch;
  readonly clock: Clock;
  readonly log: Log;
  /** The limit shared by all runs. */
  readonly capacity: Semaphore;
}

export class RunExecution {
  readonly run: StoredRun;
  readonly #deps: ExecutionDeps;
  /** The monotonic time of acceptance, which the run's limit and duration count from. */
  readonly #acceptedAt: number;
  readonly #window: Semaphore;
  /** Aborts when no further job may start. */
  readonly #starting = new AbortController();
  /** Aborts when dispatches in flight must end, too. */
  readonly #dispatching = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  #stopReason: StopReason | undefined;
  #defect: { readonly error: unknown } | undefined;

  /** `acceptedAt`: when the run was accepted, on the monotonic clock of `deps`. */
  constructor(run: StoredRun, acceptedAt: number, deps: ExecutionDeps) {
    this.run = run;
    this.#acceptedAt = acceptedAt;
    this.#deps = deps;
    this.#window = new Semaphore(run.concurrency ?? Infinity);
  }

  /** Resolves when the run has ended, or when it was left for a later process to resume. */
  async drive(): Promise<void> {
    const { clock } = this.#deps;
    const remaining = this.run.timeoutMs - this.#elapsed();
    const limit = clock.deadline(Math.min(this.run.timeoutMs, Math.max(0, Math.ceil(remaining))));
    const strike = (): void => this.stop("timed_out");
    limit.addEventListener("abort", strike, { once: true });
    try {
      await this.#startPending();
      await Promise.all(this.#inFlight);
      if (this.#defect) throw this.#defect.error;
      await this.#end();
    } finally {
      limit.removeEventListener("abort", strike);
    }
  }

  /** Starts nothing more; dispatches in flight go on. */
  drain(): void {
    this.#starting.abort();
  }

  /** Starts nothing more and aborts what is in flight. The first reason stands. */
  stop(reason: StopReason): void {
    this.#stopReason ??= reason;
    this.#starting.abort();
    this.#dispatching.abort();
  }

  async #startPending(): Promise<void> {
    for (let after = -1; ;) {
      const from = after;
      const page = await this.#keep(() => this.#deps.store.pendingJobs(this.run, from, PAGE_SIZE));
      for (const job of page) {
        const permits = await this.#acquire();
        if (!permits) return;
        this.#start(job, permits);
        after = job.position;
      }
      if (page.length === 0) return;
    }
  }

  /** One permit of the run's window and one of the shared limit; undefined once nothing may start. */
  async #acquire(): Promise<DisposableStack | undefined> {
    const permits = new DisposableStack();
    try {
      permits.use(await this.#window.acquire(this.#starting.signal));
      permits.use(await this.#deps.capacity.acquire(this.#starting.signal));
      return permits;
    } catch (error) {
      permits.dispose();
      if (this.#starting.signal.aborted) return undefined;
      throw error;
    }
  }

  #start(job: PendingJob, permits: Disposable): void {
    const done = this.#execute(job, permits)
      .catch((error: unknown) => {
        // This job is not accounted for: the run must not end as if it were.
        this.#defect ??= { error };
        this.#starting.abort();
      })
      .finally(() => this.#inFlight.delete(done));
    this.#inFlight.add(done);
  }

  async #execute(job: PendingJob, permits: Disposable): Promise<void> {
    const { clock, store } = this.#deps;
    const startedAt = clock.now();
    const started = clock.monotonic();
    let end: JobEnd | undefined;
    {
      using _held = permits;
      await this.#keep(() => store.startJob(this.run, job, startedAt));
      end = await this.#dispatch(job);
    }
    if (!end) return;
    const at = clock.now();
    // A job that an earlier process started is measured on the wall clock: all they share.
    const durationMs =
      job.startedAt === undefined ? clock.monotonic() - started : at - job.startedAt;
    await this.#keep(() => store.endJob(this.run, job, end, times(at, durationMs)));
  }

  /** The job's end, or undefined when it stays open for a later process. */
  async #dispatch(job: PendingJob): Promise<JobEnd | undefined> {
    const { signal } = this.#dispatching;
    const outcome = signal.aborted ? undefined : await this.#attempt(job, signal);
    if (this.#stopReason === "shutdown") {
      return outcome?.state === "completed" ? outcome : undefined;
    }
    if (outcome) return jobEnd(outcome, this.#stopReason, this.run.timeoutMs);
    return stoppedJob(this.#stopReason ?? "cancelled", "waiting", this.run.timeoutMs);
  }

  async #attempt(job: PendingJob, signal: AbortSignal): Promise<JobOutcome> {
    const { jobId, url, region, runners } = job;
    const request: DispatchJob = {
      runId: this.run.runId,
      jobId,
      url,
      ...present({ region }),
      runners,
    };
    try {
      return await this.#deps.dispatch(request, signal);
    } catch (error) {
      this.#deps.log.error("dispatch failed unexpectedly", { jobId, error });
      return {
        state: "failed",
        error: "The orchestrator failed to dispatch this job; its log says why.",
        errorCode: "internal",
        errorSource: "orchestrator",
      };
    }
  }

  async #end(): Promise<void> {
    const { clock, log, store } = this.#deps;
    const { run } = this;
    const stop = this.#stopReason;
    if (stop === "timed_out" || stop === "cancelled") {
      const end = stoppedJob(stop, "waiting", run.timeoutMs);
      await this.#keep(() => store.endOpenJobs(run, end, clock.now()));
    } else if (this.#starting.signal.aborted) {
      const left = await store.pendingJobs(run, -1, 1);
      if (left.length > 0) return;
    }
    const tally = await this.#keep(() => store.tally(run));
    const state = runEndState(tally, stop === "cancelled");
    const durationMs = this.#elapsed();
    await this.#keep(() => store.endRun(run, state, times(clock.now(), durationMs)));
    log.info("run ended", { state, durationMs: Math.round(durationMs), ...tally });
  }

  /** Repeats a store call for as long as the store is unavailable: nothing known may be lost. */
  async #keep<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        const away = error instanceof AppError && error.code === "store_unavailable";
        if (!away || this.#stopReason === "shutdown") throw error;
        this.#deps.log.error("run store unavailable; trying again", { error });
        await aborted(this.#deps.clock.deadline(STORE_RETRY_MS));
      }
    }
  }

  #elapsed(): number {
    return this.#deps.clock.monotonic() - this.#acceptedAt;
  }
}

function times(at: number, durationMs: number): EndTimes {
  return { at, durationMs: Math.max(0, Math.round(durationMs)) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}
