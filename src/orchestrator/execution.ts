/**
 * RunExecution: drives one accepted run to its one terminal state.
 *
 * Jobs are read from the store in pages and started in fan-out order as permits allow, so a run
 * of any size needs memory only for what is in flight. Nothing starts after the run has stopped.
 */
import type { Dispatch } from "../dispatch/dispatch.ts";
import type { EndState, JobEnd } from "../domain/job.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Trouble } from "../lib/trouble.ts";
import { nextTurn } from "../lib/turn.ts";
import type { EndMoment, Judgement, PendingJob, RunStore, StoredRun } from "../store/store.ts";
import type { Capacity, RunPermits } from "./capacity.ts";
import { judgeRun } from "./comparison/judge-run.ts";
import { type Granted, InFlight } from "./in-flight.ts";
import type { Observe } from "./observation.ts";
import {
  brokenJob,
  endsRun,
  interruptedJob,
  runEndState,
  stoppedJob,
  type StopReason,
} from "./outcome.ts";
import type { Ownership } from "./ownership.ts";
import type { Pace } from "./pace.ts";
import { RunProgress } from "./progress.ts";
import { RunStop } from "./run-stop.ts";

const PAGE_SIZE = 256;

/** Most jobs that start in one turn of the event loop, and in one transaction. */
const GROUP_SIZE = 64;

export interface ExecutionDeps {
  readonly store: RunStore;
  readonly dispatch: Dispatch;
  readonly clock: Clock;
  readonly log: Log;
  /** From [0, 1). */
  readonly random: () => number;
  readonly capacity: Capacity;
  readonly pace: Pace;
  readonly ownership: Pick<Ownership, "assured">;
  readonly outage: Trouble;
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
  readonly #stop = new RunStop();
  readonly #progress: RunProgress;
  readonly #inFlight: InFlight;
  #defect: { readonly error: unknown } | undefined;
  #waiting: number;

  /** `acceptedAt`: when the run was accepted, on the monotonic clock of `deps`. */
  constructor(run: StoredRun, acceptedAt: number, deps: ExecutionDeps) {
    this.run = run;
    this.#acceptedAt = acceptedAt;
    this.#deps = deps;
    this.#waiting = run.queuedJobs;
    const stop = this.#stop;
    const failed = (error: unknown): void => this.#fail(error);
    this.#progress = new RunProgress(run, {
      ...deps,
      stopped: () => stop.reason,
      lost: () => stop.stop("lost"),
      recorded: (jobs, error) => {
        if (error) failed(error.cause);
        this.#inFlight.settled(jobs);
      },
    });
    const remaining = (): number => this.#remaining();
    const progress = this.#progress;
    this.#inFlight = new InFlight(run, { ...deps, stop, progress, remaining, failed });
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
      await this.#inFlight.idle();
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
    this.#stop.drain();
  }

  /** Starts nothing more and aborts what is in flight. */
  stop(reason: StopReason): void {
    this.#stop.stop(reason);
  }

  async #startAll(): Promise<void> {
    const { capacity, store } = this.#deps;
    const permits = capacity.forRun(this.run);
    if (!capacity.limitsRegions(this.run)) return this.#startPending(permits);
    // A lane per region: one that is full must not hold up the others.
    const regions = await this.#progress.keep(() => store.regionsOf(this.run));
    if (regions.length === 0) return this.#startPending(permits);
    await Promise.all(regions.map((region) => this.#startPending(permits, region)));
  }

  async #startPending(permits: RunPermits, region?: string): Promise<void> {
    const { store } = this.#deps;
    const read = (after: number): Promise<PendingJob[]> => {
      const page = this.#progress.keep(() => store.pendingJobs(this.run, after, PAGE_SIZE, region));
      // Nobody waits for it yet, or ever if the run stops.
      page.catch(() => {});
      return page;
    };
    for (let next = read(-1); !this.#stop.starting.aborted;) {
      const page = await next;
      const last = page.at(-1);
      if (!last) return;
      // The store reads on while these start.
      next = read(last.position);
      await this.#startPage(page, permits);
    }
  }

  async #startPage(page: readonly PendingJob[], permits: RunPermits): Promise<void> {
    let group: Granted[] = [];
    for (const job of page) {
      if (job.startedAt !== undefined && this.#deps.onInterrupted === "fail") {
        this.#inFlight.end(job, interruptedJob);
        continue;
      }
      let permit = group.length < GROUP_SIZE ? permits.tryAcquire(job.region) : undefined;
      if (!permit) {
        await this.#start(group, permits);
        group = [];
        permit = await this.#permit(job, permits);
      }
      if (!permit) return;
      group.push({ job, permit });
    }
    await this.#start(group, permits);
  }

  /** A permit, and with it those that come free in the same turn; undefined if the run stopped. */
  async #permit({ region }: PendingJob, permits: RunPermits): Promise<Disposable | undefined> {
    const free = permits.tryAcquire(region);
    if (free) return free;
    const permit = await permits.acquire(region, this.#stop.starting);
    await nextTurn();
    return permit;
  }

  /** Starts a group, if jobs still may; resolves with the next turn. */
  async #start(group: readonly Granted[], permits: RunPermits): Promise<void> {
    if (group.length === 0) return;
    if (this.#stop.starting.aborted) {
      for (const { permit } of group) permit[Symbol.dispose]();
      return;
    }
    for (const { job } of group) if (job.startedAt === undefined) this.#waiting--;
    void this.#inFlight.start(group, permits);
    await this.#deps.pace.next(this.#stop.starting);
  }

  /** A job is not accounted for: the run must not end as if it were. */
  #fail(error: unknown): void {
    this.#defect ??= { error };
    this.#stop.drain();
  }

  async #end(): Promise<"ended" | "left" | "lost"> {
    const { store } = this.#deps;
    const { reason, starting } = this.#stop;
    if (reason === "lost") return reason;
    if (endsRun(reason)) {
      await this.#endOpenJobs(stoppedJob(reason, "waiting", this.run.timeoutMs));
    } else if (this.#defect && reason !== "shutdown") {
      this.#deps.log.error("run broken off by a defect", this.#defect);
      await this.#endOpenJobs(brokenJob);
    } else if (starting.aborted) {
      const left = await this.#progress.keep(() => store.pendingJobs(this.run, -1, 1));
      if (left.length > 0) return "left";
    }
    const tally = await this.#progress.keep(() => store.tally(this.run));
    const state = runEndState(tally, reason === "cancelled");
    const judgement = await this.#progress.keep(() => judgeRun(store, this.run, tally));
    await this.#endRun(state, judgement);
    return "ended";
  }

  async #endOpenJobs(end: JobEnd): Promise<void> {
    const { observe, store } = this.#deps;
    const moment = this.#progress.moment();
    const ended = await this.#progress.keep(() => store.endOpenJobs(this.run, end, moment));
    let events = 0;
    for (const [region, jobs] of ended) {
      events += jobs;
      observe({ type: "job.ended", region, state: end.state, jobs });
    }
    // The first of them has the number of `moment`.
    this.#progress.moment(Math.max(0, events - 1));
  }

  async #endRun(state: EndState, judgement: Judgement | undefined): Promise<void> {
    const { changed, log, observe, store } = this.#deps;
    const durationMs = Math.max(0, Math.round(this.#elapsed()));
    const moment: EndMoment = { ...this.#progress.moment(), durationMs };
    const end = () => store.endRun(this.run, state, moment, judgement);
    const ended = await this.#progress.keep(end);
    changed();
    observe({ type: "run.ended", state: ended });
    log.info("run ended", { state: ended, durationMs });
  }

  #elapsed(): number {
    return this.#deps.clock.monotonic() - this.#acceptedAt;
  }

  /** What is left of the run's limit, in milliseconds. */
  #remaining(): number {
    return Math.min(this.run.timeoutMs, Math.max(0, this.run.timeoutMs - this.#elapsed()));
  }
}
