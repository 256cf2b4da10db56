/**
 * Orchestrator: accepts runs, executes them, and resumes after a start what an earlier process
 * left unfinished.
 *
 * A run is acknowledged only after the store has it; from then on it reaches exactly one terminal
 * state, in this process or a later one.
 */
import { AppError, runNotFound } from "../domain/errors.ts";
import type { State } from "../domain/job.ts";
import type { RunRequest } from "../domain/run.ts";
import type { RunWarning } from "../domain/warning.ts";
import { newId, newIds } from "../lib/ids.ts";
import { present } from "../lib/present.ts";
import { nextTurn } from "../lib/turn.ts";
import type { NewRun, RunStore, Submission } from "../store/store.ts";
import { type AdmissionLimits, admit } from "./admission.ts";
import type { RunChanges } from "./changes.ts";
import { Executions, type ExecutionsOptions } from "./executions.ts";
import { expectationsOf, isJudged } from "./expectations.ts";
import { fanoutJobs } from "./fanout.ts";
import { type FleetView, fleetWarnings } from "./missing-runners.ts";
import { rerunRequest, type RerunSelection, selectionText } from "./rerun.ts";

export interface OrchestratorOptions extends ExecutionsOptions {
  readonly limits: Omit<AdmissionLimits, "localRunners">;
  /** Names of the runners for local mode, as they are now; absent without local mode. */
  readonly localRunners?: () => Promise<ReadonlySet<string>>;
  /** What the regions offer; nobody is warned without it. */
  readonly fleet?: FleetView;
  /** Most jobs waiting to be dispatched, over all runs. */
  readonly maxBacklog: number;
  /** Limit of a job's attempt, in milliseconds, for runs that name none. */
  readonly jobTimeoutMs?: number;
  /** Whether the end of every run is told to a URL of the configuration, too. */
  readonly callbackConfigured?: boolean;
}

export interface SubmitOptions {
  /**
   * Digest of the body: the same id with the same digest is a repetition, not a conflict. May be
   * empty for a body without `runId` and no `idempotencyKey`: nothing can repeat that.
   */
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

/** Others have their turn before more runners than this are grouped into jobs. */
const MANY_RUNNERS = 10_000;

/** How long an answer to a cancel waits for the run to end, in milliseconds. */
const CANCEL_PATIENCE_MS = 1_000;

export class Orchestrator {
  readonly #options: OrchestratorOptions;
  readonly #store: RunStore;
  readonly #executions: Executions;
  /** Jobs of submits that are being written. */
  #incoming = 0;
  #draining = false;

  constructor(options: OrchestratorOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#executions = new Executions(options);
  }

  /** Tells of changes of runs, of those that other replicas execute with some delay. */
  get changes(): RunChanges {
    return this.#executions.changes;
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
    return this.#incoming + this.#executions.waiting;
  }

  /** Replicas that share the run store, this one among them, as last heard. */
  get replicas(): number {
    return this.#executions.ownership.replicas;
  }

  /**
   * How long this replica is still sure that no other has claimed its runs, in milliseconds; it
   * dispatches nothing at 0. Infinity where the run store is not shared.
   */
  get leaseLeftMs(): number {
    return this.#executions.ownership.leftMs;
  }

  /**
   * Resumes every unfinished run that nobody owns, of a shared store from now on. Call once, before
   * the first submit.
   */
  recover(): Promise<void> {
    return this.#executions.recover();
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
    if (request.runners.length > MANY_RUNNERS) await nextTurn();
    const found = fleet ? await fleetWarnings(request, fleet) : [];
    const warned = found.length === 0 ? {} : { warnings: found };
    const acceptedAt = clock.monotonic();
    const submitted = await this.#keep({ ...this.#newRun(request, options), ...warned });
    if (!submitted.created) return replayed(submitted, options);
    const { run } = submitted;
    observe?.({ type: "run.accepted" });
    this.changes.notify(run.runId);
    log.info("run accepted", { runId: run.runId, mode: run.mode, jobs: run.queuedJobs });
    const handedOn = this.#executions.accept(run, acceptedAt);
    if (handedOn) await handedOn;
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
    this.#executions.cancel(runId);
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

  /** Resolves once the run is no longer executed, at the latest after `ms` milliseconds. */
  ended(runId: string, ms: number): Promise<void> {
    return this.#executions.ended(runId, ms);
  }

  /**
   * Accepts nothing more, lets dispatches in flight end for `drainMs` milliseconds, then aborts
   * them. What did not end is resumed by the next start, or by another replica at once.
   */
  async close(drainMs: number): Promise<void> {
    this.#draining = true;
    await this.#executions.close(drainMs);
  }

  async #earlier(
    { runId }: RunRequest,
    { idempotencyKey }: SubmitOptions,
  ): Promise<Submission | undefined> {
    if (runId === undefined && idempotencyKey === undefined) return undefined;
    return this.#store.findSubmission({ runId: runId ?? "", ...present({ idempotencyKey }) });
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
      jobs: fanoutJobs(runners, expectationOf),
      jobId: newIds("job"),
      ...options,
      ...present({
        concurrency: request.concurrency,
        ignore,
        policy: expectationOf && (request.policy ?? "all"),
        jobTimeoutMs: request.jobTimeout ?? this.#options.jobTimeoutMs,
      }),
    };
  }
}

/** The same submit once more, or another one under a name that is taken. */
function replayed({ requestDigest, runId }: Submission, options: SubmitOptions): SubmittedRun {
  if (requestDigest === options.requestDigest) return { runId, replayed: true };
  throw new AppError("run_conflict", `Run "${runId}" was submitted with another body.`);
}
