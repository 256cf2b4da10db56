/**
 * RunExecution: drives one accepted run to its one terminal state.
 *
 * Jobs are read from the store in pages and started in fan-out order as permits allow, so a run
 * of any size needs memory only for what is in flight. Nothing starts after the run has stopped,
 * and a start is recorded before the dispatch it stands for.
 */
import type { Dispatch } from "../dispatch/dispatch.ts";
import type { EndState, JobEnd } from "../domain/job.ts";
import type { Clock } from "../lib/clock.ts";
import { firstAborted } from "../lib/first-aborted.ts";
import type { Log } from "../lib/log.ts";
import type {
  EndMoment,
  Judgement,
  Moment,
  PendingJob,
  RunStore,
  StoredRun,
} from "../store/store.ts";
import { type Attempt, attempt, type AttemptOptions } from "./attempt.ts";
import type { Capacity, RunPermits } from "./capacity.ts";
import { judgeRun } from "./comparison/judge-run.ts";
import { keepTrying, type KeepTryingOptions } from "./keep-trying.ts";
import type { Observe } from "./observation.ts";
import {
  brokenJob,
  endsRun,
  interruptedJob,
  judgedEnd,
  runEndState,
  stoppedJob,
  type StopReason,
} from "./outcome.ts";
import type { Ownership } from "./ownership.ts";
import { retryDelay } from "./retry.ts";

const PAGE_SIZE = 256;

export interface ExecutionDeps {
  readonly store: RunStore;
  readonly dispatch: Dispatch;
  readonly clock: Clock;
  readonly log: Log;
  /** From [0, 1). */
  readonly random: () => number;
  readonly capacity: Capacity;
  readonly ownership: Pick<Ownership, "assured">;
  /** What becomes of jobs that an earlier process had in flight. */
  readonly onInterrupted: "dispatch" | "fail";
  readonly observe: Observe;
  /** Called after each change of the run that can be read. */
  readonly changed: () => void;
}

export class RunExecution {
  readonly run: StoredRun;
  readonly #deps: ExecutionDeps;
  /** The monotonic time of acceptance, which the run's limit and duration count from. */
  readonly #acceptedAt: number;
  /** Aborts when no further job may start. */
  readonly #starting = new AbortController();
  /** Aborts when dispatches in flight must end, too. */
  readonly #dispatching = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #attempts: AttemptOptions;
  readonly #keeping: KeepTryingOptions;
  #stopReason: StopReason | undefined;
  #defect: { readonly error: unknown } | undefined;
  #lastEvent: number;
  #waiting: number;

  /** `acceptedAt`: when the run was accepted, on the monotonic clock of `deps`. */
  constructor(run: StoredRun, acceptedAt: number, deps: ExecutionDeps) {
    this.run = run;
    this.#acceptedAt = acceptedAt;
    this.#deps = deps;
    const stopped = () => this.#stopReason;
    this.#attempts = { ...deps, signal: this.#dispatching.signal, stopped };
    this.#keeping = { ...deps, stopped, lost: () => this.stop("lost") };
    this.#lastEvent = run.lastEvent;
    this.#waiting = run.queuedJobs;
  }

  /** Jobs of the run that were not dispatched yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves with what became of the run: `left` is for a later process, or another, to resume. */
  async drive(): Promise<"ended" | "left" | "lost"> {
    if (this.run.cancelled) this.stop("cancelled");
    const remaining = this.#remaining();
    const limit = this.#deps.clock.deadline(Math.ceil(remaining));
    const strike = (): void => this.stop("timed_out");
    // It passed while nobody served: not even a timer of 0 ms may let a job start first.
    if (remaining <= 0) strike();
    limit.addEventListener("abort", strike, { once: true });
    try {
      await this.#startAll().catch((error: unknown) => this.#fail(error));
      while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
      // Tried once more after a defect: a run must not hang on what may be over.
      return await this.#end().catch((error: unknown) => {
        this.#fail(error);
        return this.#end();
      });
    } finally {
      limit.removeEventListener("abort", strike);
      this.#waiting = 0;
    }
  }

  /** Starts nothing more; dispatches in flight go on. */
  drain(): void {
    this.#starting.abort();
  }

  /**
   * Starts nothing more and aborts what is in flight. The first reason stands, unless the run was
   * lost: then nothing more may be written of it.
   */
  stop(reason: StopReason): void {
    if (reason === "lost") this.#stopReason = reason;
    this.#stopReason ??= reason;
    this.#starting.abort();
    this.#dispatching.abort();
  }

  async #startAll(): Promise<void> {
    const { capacity, store } = this.#deps;
    const permits = capacity.forRun(this.run);
    if (!capacity.limitsRegions(this.run)) return this.#startPending(permits);
    // A lane per region: one that is full must not hold up the others.
    const regions = await this.#keep(() => store.regionsOf(this.run));
    if (regions.length === 0) return this.#startPending(permits);
    await Promise.all(regions.map((region) => this.#startPending(permits, region)));
  }

  async #startPending(permits: RunPermits, region?: string): Promise<void> {
    const { onInterrupted, store } = this.#deps;
    for (let after = -1; ;) {
      const from = after;
      const page = await this.#keep(() => store.pendingJobs(this.run, from, PAGE_SIZE, region));
      for (const job of page) {
        after = job.position;
        if (job.startedAt !== undefined && onInterrupted === "fail") {
          this.#launch(this.#endJob(job, interruptedJob, this.#deps.clock.monotonic()));
          continue;
        }
        const permit = permits.tryAcquire(job.region) ?? (await this.#permit(permits, job));
        if (!permit) return;
        if (this.#starting.signal.aborted) return permit[Symbol.dispose]();
        if (job.startedAt === undefined) this.#waiting--;
        this.#launch(this.#execute(job, permit, permits));
      }
      if (page.length === 0) return;
    }
  }

  #permit(permits: RunPermits, { region }: PendingJob): Promise<Disposable | undefined> {
    return permits.acquire(region, this.#starting.signal);
  }

  #launch(work: Promise<void>): void {
    const settled = (): void => {
      this.#inFlight.delete(done);
    };
    const done = work.then(settled, (error: unknown) => {
      this.#fail(error);
      settled();
    });
    this.#inFlight.add(done);
  }

  /** A job is not accounted for: the run must not end as if it were. */
  #fail(error: unknown): void {
    this.#defect ??= { error };
    this.#starting.abort();
  }

  /** All attempts of a job. Leaves it open if it has to wait and the server stops meanwhile. */
  async #execute(job: PendingJob, first: Disposable, permits: RunPermits): Promise<void> {
    const { clock, observe, random } = this.#deps;
    const region = job.region ?? "";
    const started = clock.monotonic();
    let permit: Disposable | undefined = first;
    // A restart gives no retries anew; the attempt that it cut off is made good for.
    for (let used = Math.max(0, job.attempts - 1); permit; used++) {
      const outcome = await this.#attempt(job, permit);
      if (!outcome) return;
      const budget = { allowed: this.run.retries, used, remainingMs: this.#remaining() };
      const delay = this.#stopReason ? undefined : retryDelay(outcome, budget, random);
      if (delay === undefined) return this.#endJob(job, outcome, started);
      observe({ type: "job.retried", region });
      await firstAborted(clock.deadline(delay), this.#starting.signal);
      permit = await this.#permit(permits, job);
    }
    const stop = this.#stopReason;
    if (endsRun(stop)) {
      const end = stoppedJob(stop, "between attempts", this.run.timeoutMs);
      await this.#endJob(job, end, started);
    }
  }

  /** One attempt under a permit; undefined if the job stays open for a later process. */
  async #attempt(job: PendingJob, permit: Disposable): Promise<Attempt | undefined> {
    using _held = permit;
    const { clock, observe, ownership, store } = this.#deps;
    const region = job.region ?? "";
    await this.#keep(() => store.startJob(this.run, job, this.#moment()));
    this.#deps.changed();
    // The process may have slept since the store was asked.
    await ownership.assured(this.#dispatching.signal);
    observe({ type: "job.started", region });
    const dispatched = clock.monotonic();
    const outcome = await attempt(this.run, job, this.#attempts);
    observe({ type: "job.answered", region, ms: clock.monotonic() - dispatched });
    return outcome;
  }

  async #endJob(job: PendingJob, outcome: JobEnd, started: number): Promise<void> {
    const { clock, observe, store } = this.#deps;
    const end = judgedEnd(job, outcome);
    const at = clock.now();
    // A job that an earlier process started is measured on the wall clock: all they share.
    const elapsed = job.startedAt === undefined ? clock.monotonic() - started : at - job.startedAt;
    const durationMs = milliseconds(elapsed);
    // Numbered anew when tried again: whoever follows the events has seen later numbers by then.
    await this.#keep(() => store.endJob(this.run, job, end, { ...this.#moment(at), durationMs }));
    this.#deps.changed();
    observe({ type: "job.ended", region: job.region ?? "", state: end.state, jobs: 1 });
    if (end.state === "completed") return;
    const { errorCode, state } = end;
    this.#deps.log.warn("job failed", { jobId: job.jobId, region: job.region, state, errorCode });
  }

  async #end(): Promise<"ended" | "left" | "lost"> {
    const { store } = this.#deps;
    const stop = this.#stopReason;
    if (stop === "lost") return stop;
    if (endsRun(stop)) {
      await this.#endOpenJobs(stoppedJob(stop, "waiting", this.run.timeoutMs));
    } else if (this.#defect && stop !== "shutdown") {
      this.#deps.log.error("run broken off by a defect", this.#defect);
      await this.#endOpenJobs(brokenJob);
    } else if (this.#starting.signal.aborted) {
      const left = await this.#keep(() => store.pendingJobs(this.run, -1, 1));
      if (left.length > 0) return "left";
    }
    const tally = await this.#keep(() => store.tally(this.run));
    const state = runEndState(tally, stop === "cancelled");
    await this.#endRun(state, await this.#keep(() => judgeRun(store, this.run, tally)));
    return "ended";
  }

  async #endOpenJobs(end: JobEnd): Promise<void> {
    const { observe, store } = this.#deps;
    const moment = this.#moment();
    const ended = await this.#keep(() => store.endOpenJobs(this.run, end, moment));
    let events = 0;
    for (const [region, jobs] of ended) {
      events += jobs;
      observe({ type: "job.ended", region, state: end.state, jobs });
    }
    // The first of them has the number of `moment`.
    this.#lastEvent += Math.max(0, events - 1);
  }

  async #endRun(state: EndState, judgement: Judgement | undefined): Promise<void> {
    const { changed, log, observe, store } = this.#deps;
    const durationMs = milliseconds(this.#elapsed());
    const moment: EndMoment = { ...this.#moment(), durationMs };
    const ended = await this.#keep(() => store.endRun(this.run, state, moment, judgement));
    changed();
    observe({ type: "run.ended", state: ended });
    log.info("run ended", { state: ended, durationMs });
  }

  #keep<T>(call: () => Promise<T>): Promise<T> {
    return keepTrying(call, this.#keeping);
  }

  #moment(at: number = this.#deps.clock.now()): Moment {
    return { at, event: ++this.#lastEvent };
  }

  #elapsed(): number {
    return this.#deps.clock.monotonic() - this.#acceptedAt;
  }

  /** What is left of the run's limit, in milliseconds. */
  #remaining(): number {
    return Math.min(this.run.timeoutMs, Math.max(0, this.run.timeoutMs - this.#elapsed()));
  }
}

function milliseconds(elapsed: number): number {
  return Math.max(0, Math.round(elapsed));
}
