/**
 * Orchestrator: accepts runs, executes them, and resumes after a start what an earlier process
 * left unfinished.
 *
 * A run is acknowledged only after the store has it; from then on it reaches exactly one terminal
 * state, in this process or a later one.
 */
import type { Dispatch } from "../dispatch/dispatch.ts";
import { AppError, runNotFound } from "../domain/errors.ts";
import type { State } from "../domain/job.ts";
import type { Mode, RunRequest, RunWarning } from "../domain/run.ts";
import { newId } from "../lib/ids.ts";
import { present } from "../lib/present.ts";
import type { NewRun, RunStore, StoredRun, Submission } from "../store/store.ts";
import { type AdmissionLimits, admit } from "./admission.ts";
import { Capacity, type CapacityLimits } from "./capacity.ts";
import { RunChanges } from "./changes.ts";
import { type ExecutionDeps, RunExecution } from "./execution.ts";
import { expectationsOf, isJudged } from "./expectations.ts";
import { fanoutJobs } from "./fanout.ts";
import { type FleetView, fleetWarnings } from "./missing-runners.ts";
import type { Observe } from "./observation.ts";
import { rerunRequest, type RerunSelection, selectionText } from "./rerun.ts";

export interface OrchestratorOptions
  extends CapacityLimits, Pick<ExecutionDeps, "store" | "clock" | "log" | "random"> {
  /** How each mode executes a job. */
  readonly dispatch: Readonly<Record<Mode, Dispatch>>;
  readonly limits: Omit<AdmissionLimits, "localRunners">;
  /** Names of the runners for local mode, as they are now; absent without local mode. */
  readonly localRunners?: () => Promise<ReadonlySet<string>>;
  /** What the regions offer; nobody is warned without it. */
  readonly fleet?: FleetView;
  /** Most jobs waiting to be dispatched, over all runs. */
  readonly maxBacklog: number;
  /** Limit of a job's attempt, in milliseconds, for runs that name none. */
  readonly jobTimeoutMs?: number;
  readonly onInterrupted: ExecutionDeps["onInterrupted"];
  /** Whether the end of every run is told to a URL of the configuration, too. */
  readonly callbackConfigured?: boolean;
  readonly observe?: Observe;
}

export interface SubmitOptions {
  /** Digest of the body: the same id with the same digest is a repetition, not a conflict. */
  readonly requestDigest: string;
  readonly idempotencyKey?: string;
  readonly parentRunId?: string;
}

export interface SubmittedRun {
  readonly runId: string;
  /** The same submit was accepted before. */
  readonly replayed: boolean;
  /** What will probably go wrong; absent if nothing. */
  readonly warnings?: readonly RunWarning[];
}

/** How long an answer to a cancel waits for the run to end, in milliseconds. */
const CANCEL_PATIENCE_MS = 1_000;

export class Orchestrator {
  readonly changes = new RunChanges();
  readonly #options: OrchestratorOptions;
  readonly #store: RunStore;
  readonly #capacity: Capacity;
  readonly #executions = new Map<string, { execution: RunExecution; ended: Promise<void> }>();
  /** Runs that were to be cancelled before their execution began: they were just accepted. */
  readonly #cancelledEarly = new Set<string>();
  /** Jobs of submits that are being written. */
  #incoming = 0;
  #draining = false;

  constructor(options: OrchestratorOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#capacity = new Capacity(options);
  }

  /** Whether `close` was called: nothing new is accepted. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Runs being executed now. */
  get activeRuns(): number {
    return this.#executions.size;
  }

  /** Jobs waiting to be dispatched now, over all runs. */
  get backlog(): number {
    let jobs = this.#incoming;
    for (const { execution } of this.#executions.values()) jobs += execution.waiting;
    return jobs;
  }

  /** Resumes every unfinished run. Call once, before the first submit. */
  async recover(): Promise<void> {
    const { clock, log } = this.#options;
    const runs = await this.#store.unfinishedRuns();
    for (const run of runs) {
      // The wall clock may have been stepped while nobody served; a limit never grows by that.
      const elapsed = Math.min(Math.max(0, clock.now() - run.createdAt), run.timeoutMs);
      this.#execute(run, clock.monotonic() - elapsed);
    }
    if (runs.length > 0) log.info("resuming unfinished runs", { runs: runs.length });
  }

  /**
   * Accepts a run. Resolves once it is durably kept. Rejects with AppError: 400 or 422 from
   * admission, `missing_runners`, `run_conflict`, `at_capacity`, `draining`, `store_unavailable`.
   */
  async submit(request: RunRequest, options: SubmitOptions): Promise<SubmittedRun> {
    this.#refuseWhileDraining();
    const { clock, fleet, limits, localRunners, log, observe } = this.#options;
    // First: what was accepted once is, whatever has become impossible or too much since.
    const earlier = await this.#earlier(request, options);
    if (earlier) return replayed(earlier, options);
    const local = request.mode === "local" ? await localRunners?.() : undefined;
    admit(request, { ...limits, ...present({ localRunners: local }) });
    const found = fleet ? await fleetWarnings(request, fleet) : [];
    const warned = found.length === 0 ? {} : { warnings: found };
    const acceptedAt = clock.monotonic();
    const submitted = await this.#keep({ ...this.#newRun(request, options), ...warned });
    if (!submitted.created) return replayed(submitted, options);
    const { run } = submitted;
    observe?.({ type: "run.accepted" });
    log.info("run accepted", { runId: run.runId, mode: run.mode, jobs: run.queuedJobs });
    // Accepted while a drain began: durable, so the next start executes it.
    if (!this.#draining) this.#execute(run, acceptedAt);
    return { runId: run.runId, replayed: false, ...warned };
  }

  /**
   * Cancels a run: nothing more is dispatched and what is in flight is aborted. Resolves with the
   * state the run is in then, `cancelled` unless it takes its time. Rejects with `run_not_found`,
   * or with `run_ended` if the run ended otherwise.
   */
  async cancel(runId: string): Promise<State> {
    const { clock } = this.#options;
    const state = await this.#store.requestCancel(runId, clock.now());
    if (state === undefined) throw runNotFound(runId);
    if (state === "cancelled") return state;
    if (state !== "queued" && state !== "running") {
      throw new AppError("run_ended", `Run "${runId}" has ended already, as ${state}.`);
    }
    const running = this.#executions.get(runId);
    if (running) running.execution.stop("cancelled");
    else this.#cancelEarly(runId);
    await this.ended(runId, CANCEL_PATIENCE_MS);
    return (await this.#store.findStatus(runId))?.state ?? state;
  }

  /**
   * Submits a run again, or some of its runners. Rejects with `run_not_found`, `run_not_ended`,
   * `nothing_to_rerun`, `invalid_request` for a cell the run has not, and like `submit`.
   */
  async rerun(
    runId: string,
    selection: RerunSelection,
    idempotencyKey?: string,
  ): Promise<SubmittedRun> {
    this.#refuseWhileDraining();
    const repeated = await rerunRequest(this.#store, runId, selection);
    // The limit may be the ceiling of its day, which nobody asked for.
    const timeout = Math.min(repeated.timeout, this.#options.limits.maxRunTimeMs);
    const request = { ...repeated, timeout };
    const requestDigest = `rerun ${selectionText(selection)} of ${runId}`;
    return this.submit(request, {
      requestDigest,
      parentRunId: runId,
      ...present({ idempotencyKey }),
    });
  }

  /** Resolves once the run is no longer executed here, at the latest after `ms` milliseconds. */
  async ended(runId: string, ms: number): Promise<void> {
    const running = this.#executions.get(runId);
    if (!running) return;
    const patience = this.#options.clock.deadline(ms);
    const { promise, resolve } = Promise.withResolvers<void>();
    patience.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([running.ended, promise]);
    resolve();
  }

  /**
   * Accepts nothing more, lets dispatches in flight end for `drainMs` milliseconds, then aborts
   * them. What did not end is resumed by the next start.
   */
  async close(drainMs: number): Promise<void> {
    this.#draining = true;
    const running = [...this.#executions.values()];
    for (const { execution } of running) execution.drain();
    const drained = this.#options.clock.deadline(drainMs);
    const abort = (): void => {
      for (const { execution } of running) execution.stop("shutdown");
    };
    drained.addEventListener("abort", abort, { once: true });
    await Promise.all(running.map(({ ended }) => ended));
    drained.removeEventListener("abort", abort);
  }

  async #earlier(
    { runId }: RunRequest,
    { idempotencyKey }: SubmitOptions,
  ): Promise<Submission | undefined> {
    if (runId === undefined && idempotencyKey === undefined) return undefined;
    return this.#store.findSubmission({ runId: runId ?? "", ...present({ idempotencyKey }) });
  }

  /** For a run that is just being accepted: its execution begins in this tick, or not here at all. */
  #cancelEarly(runId: string): void {
    this.#cancelledEarly.add(runId);
    setImmediate(() => this.#cancelledEarly.delete(runId));
  }

  #refuseWhileDraining(): void {
    if (this.#draining) throw new AppError("draining", "This server is shutting down.");
  }

  /** Hands a run to the store, unless too much is waiting already. */
  async #keep(run: NewRun): ReturnType<RunStore["submit"]> {
    const { maxBacklog } = this.#options;
    const jobs = run.jobs.length;
    if (jobs > maxBacklog) {
      const message = `The request comes to ${jobs} jobs; at most ${maxBacklog} may wait.`;
      throw new AppError("invalid_request", message);
    }
    const waiting = this.backlog;
    if (waiting + jobs > maxBacklog) {
      const message = `${waiting} jobs are waiting; with ${jobs} more the limit of ${maxBacklog} is passed.`;
      throw new AppError("at_capacity", message);
    }
    this.#incoming += jobs;
    try {
      return await this.#store.submit(run);
    } finally {
      this.#incoming -= jobs;
    }
  }

  #newRun(request: RunRequest, options: SubmitOptions): NewRun {
    const { callbackUrl, ignore, mode, runners, tags = [] } = request;
    const { callbackConfigured, clock, limits } = this.#options;
    const expectationOf = isJudged(request) ? expectationsOf(request) : undefined;
    const plans = fanoutJobs(runners, expectationOf);
    const told = [
      ...(callbackUrl === undefined ? [] : [{ url: callbackUrl }]),
      ...(callbackConfigured ? [{}] : []),
    ];
    return {
      runId: request.runId ?? newId("run"),
      mode,
      tags,
      timeoutMs: request.timeout ?? limits.maxRunTimeMs,
      retries: request.retries ?? 0,
      createdAt: clock.now(),
      callbacks: told.map((to) => ({ callbackId: newId("callback"), ...to })),
      jobs: plans.map((plan) => ({ jobId: newId("job"), ...plan })),
      ...options,
      ...present({
        concurrency: request.concurrency,
        ignore,
        policy: expectationOf && (request.policy ?? "all"),
        jobTimeoutMs: request.jobTimeout ?? this.#options.jobTimeoutMs,
      }),
    };
  }

  #execute(run: StoredRun, acceptedAt: number): void {
    const { dispatch, observe = () => {}, ...options } = this.#options;
    const { runId } = run;
    const log = options.log.with({ runId });
    const execution = new RunExecution(run, acceptedAt, {
      ...options,
      log,
      dispatch: dispatch[run.mode],
      capacity: this.#capacity,
      observe,
      changed: () => this.changes.notify(runId),
    });
    if (this.#cancelledEarly.delete(runId)) execution.stop("cancelled");
    const ended = execution
      .drive()
      .catch((error: unknown) => log.error("run execution failed", { error }))
      .finally(() => this.#executions.delete(runId));
    this.#executions.set(runId, { execution, ended });
  }
}

/** The same submit once more, or another one under a name that is taken. */
function replayed({ requestDigest, runId }: Submission, options: SubmitOptions): SubmittedRun {
  if (requestDigest === options.requestDigest) return { runId, replayed: true };
  throw new AppError("run_conflict", `Run "${runId}" was submitted with another body.`);
}
