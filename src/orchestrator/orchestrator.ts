/**
 * Orchestrator: accepts runs, executes them, and resumes after a start what an earlier process
 * left unfinished.
 *
 * A run is acknowledged only after the store has it; from then on it reaches exactly one terminal
 * state, in this process or a later one.
 */
import type { Dispatch } from "../dispatch/dispatch.ts";
import { AppError } from "../domain/errors.ts";
import type { Mode, RunRequest } from "../domain/run.ts";
import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/ids.ts";
import type { Log } from "../lib/log.ts";
import { present } from "../lib/present.ts";
import { Semaphore } from "../lib/semaphore.ts";
import type { NewRun, RunStore, StoredRun } from "../store/store.ts";
import { type AdmissionLimits, admit } from "./admission.ts";
import { RunExecution } from "./execution.ts";
import { fanoutJobs } from "./fanout.ts";

export interface OrchestratorOptions {
  readonly store: RunStore;
  /** How each mode executes a job. */
  readonly dispatch: Readonly<Record<Mode, Dispatch>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Omit<AdmissionLimits, "localRunners">;
  /** Names of the runners for local mode, as they are now; absent without local mode. */
  readonly localRunners?: () => Promise<ReadonlySet<string>>;
  /** Most jobs in flight over all runs. */
  readonly maxInFlight: number;
}

export interface SubmitOptions {
  /** Digest of the body: the same id with the same digest is a repetition, not a conflict. */
  readonly requestDigest: string;
  readonly idempotencyKey?: string;
}

export class Orchestrator {
  readonly #options: OrchestratorOptions;
  readonly #capacity: Semaphore;
  readonly #executions = new Map<RunExecution, Promise<void>>();
  #draining = false;

  constructor(options: OrchestratorOptions) {
    this.#options = options;
    this.#capacity = new Semaphore(options.maxInFlight);
  }

  /** Resumes every unfinished run. Call once, before the first submit. */
  async recover(): Promise<void> {
    const { clock, log, store } = this.#options;
    const runs = await store.unfinishedRuns();
    for (const run of runs) {
      // The wall clock may have been stepped while nobody served; a limit never grows by that.
      const elapsed = Math.min(Math.max(0, clock.now() - run.createdAt), run.timeoutMs);
      this.#execute(run, clock.monotonic() - elapsed);
    }
    if (runs.length > 0) log.info("resuming unfinished runs", { runs: runs.length });
  }

  /**
   * Accepts a run. Resolves once it is durably kept; `replayed` when the same submit was accepted
   * before. Rejects with AppError: 400 or 422 from admission, `run_conflict`, `draining`,
   * `store_unavailable`.
   */
  async submit(
    request: RunRequest,
    options: SubmitOptions,
  ): Promise<{ runId: string; replayed: boolean }> {
    if (this.#draining) throw new AppError("draining", "This server is shutting down.");
    const { limits, localRunners } = this.#options;
    const local = request.mode === "local" ? await localRunners?.() : undefined;
    admit(request, { ...limits, ...present({ localRunners: local }) });
    const acceptedAt = this.#options.clock.monotonic();
    const submitted = await this.#options.store.submit(this.#newRun(request, options));
    if (!submitted.created) {
      const { runId } = submitted;
      if (submitted.requestDigest === options.requestDigest) return { runId, replayed: true };
      throw new AppError("run_conflict", `Run "${runId}" was submitted with another body.`);
    }
    const { run } = submitted;
    // Accepted while a drain began: durable, so the next start executes it.
    if (!this.#draining) this.#execute(run, acceptedAt);
    return { runId: run.runId, replayed: false };
  }

  /**
   * Accepts nothing more, lets dispatches in flight end for `drainMs` milliseconds, then aborts
   * them. What did not end is resumed by the next start.
   */
  async close(drainMs: number): Promise<void> {
    this.#draining = true;
    for (const execution of this.#executions.keys()) execution.drain();
    const drained = this.#options.clock.deadline(drainMs);
    const abort = (): void => {
      for (const execution of this.#executions.keys()) execution.stop("shutdown");
    };
    drained.addEventListener("abort", abort, { once: true });
    await Promise.all(this.#executions.values());
    drained.removeEventListener("abort", abort);
  }

  #newRun(request: RunRequest, { requestDigest, idempotencyKey }: SubmitOptions): NewRun {
    const { mode, concurrency, tags = [] } = request;
    return {
      runId: request.runId ?? newId("run"),
      mode,
      tags,
      ...present({ concurrency, idempotencyKey }),
      timeoutMs: request.timeout ?? this.#options.limits.maxRunTimeMs,
      createdAt: this.#options.clock.now(),
      requestDigest,
      jobs: fanoutJobs(request.runners).map((plan) => ({ jobId: newId("job"), ...plan })),
    };
  }

  #execute(run: StoredRun, acceptedAt: number): void {
    const { clock, dispatch, store } = this.#options;
    const log = this.#options.log.with({ runId: run.runId });
    const execution = new RunExecution(run, acceptedAt, {
      store,
      dispatch: dispatch[run.mode],
      clock,
      log,
      capacity: this.#capacity,
    });
    const ended = execution
      .drive()
      .catch((error: unknown) => log.error("run execution failed", { error }))
      .finally(() => this.#executions.delete(execution));
    this.#executions.set(execution, ended);
  }
}
