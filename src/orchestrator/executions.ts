/**
 * Executions: the runs that this replica executes, from when it owns them until they have ended or
 * were handed on; and what it hears of those that others execute.
 */
import type { Dispatch } from "../dispatch/dispatch.ts";
import type { Mode } from "../domain/run.ts";
import { firstAborted } from "../lib/first-aborted.ts";
import { Trouble } from "../lib/trouble.ts";
import type { Hint, StoredRun } from "../store/store.ts";
import { Capacity, type CapacityLimits } from "./capacity.ts";
import { RunChanges } from "./changes.ts";
import { type ExecutionDeps, RunExecution } from "./execution.ts";
import type { Observe } from "./observation.ts";
import { Ownership } from "./ownership.ts";
import { Pace } from "./pace.ts";

export interface ExecutionsOptions
  extends
    CapacityLimits,
    Omit<
      ExecutionDeps,
      "dispatch" | "capacity" | "pace" | "ownership" | "outage" | "changed" | "observe"
    > {
  /** How each mode executes a job. */
  readonly dispatch: Readonly<Record<Mode, Dispatch>>;
  readonly observe?: Observe;
}

interface Executing {
  readonly execution: RunExecution;
  /** Resolves once the run is no longer executed here, with whether it has ended. */
  readonly ended: Promise<boolean>;
}

/** Between two looks at a run that another replica executes, for whoever watches it here. */
const LOOK_MS = 1_000;

export class Executions {
  readonly changes = new RunChanges();
  readonly ownership: Ownership;
  readonly #options: ExecutionsOptions;
  readonly #capacity: Capacity;
  readonly #pace: Pace;
  readonly #outage: Trouble;
  readonly #executing = new Map<string, Executing>();
  /** Runs that were to be cancelled before their execution began: they were just accepted. */
  readonly #cancelledEarly = new Set<string>();
  readonly #stopped = new AbortController();
  #draining = false;

  constructor(options: ExecutionsOptions) {
    this.#options = options;
    this.#capacity = new Capacity(options);
    this.#pace = new Pace(options.clock);
    this.#outage = new Trouble({
      ...options,
      message: "run store unavailable; trying again",
      over: "run store available again",
    });
    this.ownership = new Ownership({
      ...options,
      runs: () => Array.from(this.#executing.values(), ({ execution }) => execution.run),
      claimed: (run) => {
        this.#options.observe?.({ type: "run.claimed" });
        this.#resume(run);
      },
      lost: (run) => this.#executionOf(run)?.stop("lost"),
      cancelled: (run) => this.#executionOf(run)?.stop("cancelled"),
      sure: (replicas) => {
        if (replicas === undefined) this.#capacity.pause();
        else this.#capacity.share(replicas);
      },
    });
  }

  get size(): number {
    return this.#executing.size;
  }

  /** Jobs waiting to be dispatched now. */
  get waiting(): number {
    let jobs = 0;
    for (const { execution } of this.#executing.values()) jobs += execution.waiting;
    return jobs;
  }

  /** Resumes what nobody owns; of a shared store from now on. */
  async recover(): Promise<void> {
    const { sharing } = this.#options.store;
    if (sharing) {
      this.#capacity.pause();
      sharing.listen((hint) => this.#heard(hint));
      void this.#lookElsewhere();
    }
    await this.ownership.start();
  }

  /**
   * Executes a run that this replica owns. `acceptedAt`: when it was accepted, on the monotonic
   * clock. Once closing, others shall have it; the promise is for when they can.
   */
  accept(run: StoredRun, acceptedAt: number): Promise<void> | undefined {
    if (this.#draining) return this.#handOn(run);
    this.#execute(run, acceptedAt);
    return undefined;
  }

  /** Stops a run that somebody asked to cancel, wherever it is executed. */
  cancel(runId: string): void {
    const executing = this.#executing.get(runId);
    if (executing) return executing.execution.stop("cancelled");
    // It may just have been accepted: its execution begins in this tick, or not here at all.
    this.#cancelledEarly.add(runId);
    setImmediate(() => this.#cancelledEarly.delete(runId));
    this.#options.store.sharing?.hint({ type: "cancel", runId });
  }

  /** Resolves once the run is no longer executed, at the latest after `ms` milliseconds. */
  async ended(runId: string, ms: number): Promise<void> {
    const executing = this.#executing.get(runId);
    const { clock, store } = this.#options;
    if (!executing && !store.sharing) return;
    const patience = clock.deadline(ms);
    const { promise, resolve } = Promise.withResolvers<void>();
    patience.addEventListener("abort", () => resolve(), { once: true });
    const ended = executing && (await Promise.race([executing.ended, promise]));
    // One that was lost ends on another replica.
    const elsewhere = ended !== true && !patience.aborted && !this.#draining;
    if (store.sharing && elsewhere) await this.#endedElsewhere(runId, promise);
    resolve();
  }

  /**
   * Lets dispatches in flight end for `drainMs` milliseconds, then aborts them. What did not end is
   * handed on, each run as soon as nothing of it is in flight.
   */
  async close(drainMs: number): Promise<void> {
    this.#draining = true;
    this.ownership.drain();
    const running = [...this.#executing.values()];
    for (const { execution } of running) execution.drain();
    const drained = this.#options.clock.deadline(drainMs);
    const abort = (): void => {
      for (const { execution } of running) execution.stop("shutdown");
    };
    drained.addEventListener("abort", abort, { once: true });
    await Promise.all(running.map(({ ended }) => ended));
    drained.removeEventListener("abort", abort);
    this.ownership.stop();
    this.#stopped.abort();
  }

  #executionOf({ epoch, runId }: StoredRun): RunExecution | undefined {
    const execution = this.#executing.get(runId)?.execution;
    return execution?.run.epoch === epoch ? execution : undefined;
  }

  #resume(run: StoredRun): void {
    const { clock } = this.#options;
    // The wall clock may have been stepped while nobody served; a limit never grows by that.
    const elapsed = Math.min(Math.max(0, clock.now() - run.createdAt), run.timeoutMs);
    void this.accept(run, clock.monotonic() - elapsed);
  }

  #execute(run: StoredRun, acceptedAt: number): void {
    const { dispatch, observe = () => {}, ...options } = this.#options;
    const { runId } = run;
    const execution = new RunExecution(run, acceptedAt, {
      ...options,
      log: options.log.with({ runId }),
      dispatch: dispatch[run.mode],
      capacity: this.#capacity,
      pace: this.#pace,
      ownership: this.ownership,
      outage: this.#outage,
      observe,
      changed: () => this.changes.notify(runId),
    });
    if (this.#cancelledEarly.delete(runId)) execution.stop("cancelled");
    const executing = { execution, ended: this.#drive(execution) };
    this.#executing.set(runId, executing);
    void executing.ended.then(() => {
      // Lost and claimed again, a run may have a second execution by now.
      if (this.#executing.get(runId) === executing) this.#executing.delete(runId);
    });
  }

  async #drive(execution: RunExecution): Promise<boolean> {
    const { log, observe, store } = this.#options;
    const { run } = execution;
    const { runId } = run;
    let ended = false;
    try {
      const outcome = await execution.drive();
      ended = outcome === "ended";
      if (ended && this.ownership.replicas > 1) {
        store.sharing?.hint({ type: "ended", runId });
      }
      if (outcome === "lost") {
        observe?.({ type: "run.lost" });
        log.warn("run lost to another replica", { runId });
      }
    } catch (error) {
      log.error("run execution failed", { runId, error });
    }
    if (this.#draining) await this.#handOn(run);
    return ended;
  }

  /** Lets others have a run that is no longer executed here; one that has ended is nobody's. */
  async #handOn(run: StoredRun): Promise<void> {
    await this.#options.store.release([run]).catch((error: unknown) => {
      this.#options.log.warn("runs are handed on only when the lease ends", { error });
    });
  }

  #heard(hint: Hint): void {
    if (hint.type === "released") return this.ownership.hurry();
    if (hint.type === "ended") return this.changes.notify(hint.runId);
    this.#executing.get(hint.runId)?.execution.stop("cancelled");
  }

  /** Has those who watch runs of other replicas look at them, for as long as somebody watches. */
  async #lookElsewhere(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await firstAborted(this.#options.clock.deadline(LOOK_MS), signal);
      this.changes.notifyAnybody();
      for (const runId of this.changes.watched) {
        if (!this.#executing.has(runId)) this.changes.notify(runId);
      }
    }
  }

  async #endedElsewhere(runId: string, patience: Promise<void>): Promise<void> {
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    const look = async (): Promise<void> => {
      const status = await this.#options.store.findStatus(runId);
      if (status?.state !== "queued" && status?.state !== "running") resolve();
    };
    using _watch = this.changes.watch(runId, () => void look().catch(reject));
    await Promise.race([promise, patience]);
  }
}
