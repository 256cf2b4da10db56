/**
 * An orchestrator on a real embedded store, with time and dispatches in the hands of the test.
 */
import type { Database } from "bun:sqlite";

import type { Dispatch, DispatchJob, JobOutcome } from "../../src/dispatch/dispatch.ts";
import type { Job } from "../../src/domain/job.ts";
import type { RunRequest, RunSummary } from "../../src/domain/run.ts";
import { createLog, type Log } from "../../src/lib/log.ts";
import { present } from "../../src/lib/present.ts";
import type { Observation } from "../../src/orchestrator/observation.ts";
import { Orchestrator, type OrchestratorOptions } from "../../src/orchestrator/orchestrator.ts";
import { openDatabase } from "../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { RunStore } from "../../src/store/store.ts";
import { FakeClock } from "../support/fake-clock.ts";

export const HOUR = 3_600_000;
/** A hang, on however busy a machine. */
const HANG_MS = 60_000;

/** A job in flight, to be ended by the test unless its signal ends it. */
export interface Call {
  readonly job: DispatchJob;
  readonly signal: AbortSignal;
  readonly end: (outcome?: JobOutcome) => void;
  ended: boolean;
}

/** What a script makes of a call at once; undefined leaves it to the test. */
export type Script = (job: DispatchJob, nth: number) => JobOutcome | undefined;

export const passed = ({ runners }: Pick<DispatchJob, "runners">): JobOutcome => ({
  state: "completed",
  results: runners.map(({ name }) => ({ name, status: "pass" })),
});

export const aborted: JobOutcome = {
  state: "failed",
  error: "The request was aborted.",
  errorCode: "aborted",
  errorSource: "transport",
};

/** A failure that another attempt may mend, at the earliest after `afterMs`. */
export const unlucky = (afterMs?: number): JobOutcome => ({
  state: "failed",
  error: "The endpoint answered 503.",
  errorCode: "endpoint_status",
  errorSource: "transport",
  retry: present({ afterMs }),
});

/** Dispatches that answer as scripted, or when told, or with a failure when aborted. */
export class Dispatches {
  readonly calls: Call[] = [];
  peak = 0;
  readonly #script: Script;

  constructor(script: Script = passed) {
    this.#script = script;
  }

  get inFlight(): readonly Call[] {
    return this.calls.filter(({ ended }) => !ended);
  }

  /** The jobs in the order of their dispatch, by url. */
  get urls(): readonly string[] {
    return this.calls.map(({ job }) => job.url);
  }

  readonly dispatch: Dispatch = (job, signal) => {
    const { promise, resolve } = Promise.withResolvers<JobOutcome>();
    const end = (outcome: JobOutcome = passed(job)): void => {
      call.ended = true;
      resolve(outcome);
    };
    const call: Call = { job, signal, end, ended: false };
    this.calls.push(call);
    this.peak = Math.max(this.peak, this.inFlight.length);
    signal.addEventListener("abort", () => end(aborted), { once: true });
    const outcome = this.#script(job, this.calls.length);
    if (outcome) setImmediate(() => end(outcome));
    return promise;
  };

  /** Resolves once that many were dispatched, counted from the start. */
  async reach(count: number, meanwhile = (): void => {}): Promise<void> {
    await soon(`${count} dispatches`, () => {
      meanwhile();
      return this.calls.length >= count;
    });
  }
}

export interface StageOptions {
  readonly store?: RunStore;
  readonly dispatches?: Dispatches;
  readonly clock?: FakeClock;
  readonly maxInFlight?: number;
  readonly maxInFlightPerRegion?: number;
  readonly maxBacklog?: number;
  readonly jobTimeoutMs?: number;
  readonly onInterrupted?: OrchestratorOptions["onInterrupted"];
  readonly random?: () => number;
  /** Names of the runners for local mode. */
  readonly localRunners?: readonly string[];
  readonly limits?: Partial<OrchestratorOptions["limits"]>;
}

/** Lets everything go on that needs no more than a few turns of the event loop. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

/** Like `eventually`, for what needs no time but turns of the event loop. */
async function soon<Value>(
  what: string,
  probe: () => Promise<Value | false> | Value | false,
): Promise<Value> {
  for (const end = performance.now() + HANG_MS; performance.now() < end; await turns(1)) {
    const value = await probe();
    if (value !== false) return value;
  }
  throw new Error(`Not within ${HANG_MS} ms: ${what}.`);
}

export class Stage {
  readonly store: RunStore;
  /** Of remote runs. */
  readonly dispatches: Dispatches;
  readonly local = new Dispatches();
  readonly clock: FakeClock;
  readonly orchestrator: Orchestrator;
  /** What was logged, as JSON lines. */
  readonly logged: string[] = [];
  readonly observed: Observation[] = [];

  constructor(options: StageOptions = {}) {
    this.store = options.store ?? memoryStore();
    this.dispatches = options.dispatches ?? new Dispatches();
    this.clock = options.clock ?? new FakeClock();
    const log: Log = createLog({
      write: (line) => this.logged.push(line),
      pretty: false,
      now: () => 0,
    });
    this.orchestrator = new Orchestrator({
      store: this.store,
      dispatch: { remote: this.dispatches.dispatch, local: this.local.dispatch },
      localRunners: async () => new Set(options.localRunners ?? ["runner"]),
      clock: this.clock,
      log,
      limits: {
        regions: new Set(["eu", "us"]),
        maxRunners: 10_000,
        maxRunTimeMs: HOUR,
        ...options.limits,
      },
      maxInFlight: options.maxInFlight ?? 1_000,
      maxBacklog: options.maxBacklog ?? 100_000,
      onInterrupted: options.onInterrupted ?? "dispatch",
      random: options.random ?? (() => 0.5),
      observe: (observation) => this.observed.push(observation),
      ...present({
        maxInFlightPerRegion: options.maxInFlightPerRegion,
        jobTimeoutMs: options.jobTimeoutMs,
      }),
    });
  }

  async submit(request: RunRequest, requestDigest = JSON.stringify(request)): Promise<string> {
    return (await this.orchestrator.submit(request, { requestDigest })).runId;
  }

  /** How often that was observed. */
  count(type: Observation["type"]): number {
    return this.observed.filter((observation) => observation.type === type).length;
  }

  /** Resolves once that was observed so often. */
  async observe(type: Observation["type"], count: number): Promise<void> {
    await soon(`${count} times ${type}`, () => this.count(type) >= count);
  }

  /** The summary as the API would tell it. */
  async summary(runId: string): Promise<RunSummary & { readonly jobs: readonly Job[] }> {
    const head = await this.store.findRun(runId);
    if (!head) throw new Error(`No run ${runId}.`);
    return { ...head, jobs: await this.store.findJobs(runId, -1, 100_000) };
  }

  /** The summary once the run has ended. `meanwhile` runs before each look. */
  ended(runId: string, meanwhile?: () => void): Promise<RunSummary> {
    return soon(`run ${runId} ends`, async () => {
      meanwhile?.();
      const summary = await this.summary(runId);
      return summary.state !== "queued" && summary.state !== "running" && summary;
    });
  }
}

const databases = new WeakMap<RunStore, Database>();

export function memoryStore(db: Database = openDatabase(":memory:")): RunStore {
  const store = new SqliteStore(db);
  databases.set(store, db);
  return store;
}

/** The same database as a later process finds it: nobody owns anything. */
export function reopened(store: RunStore): RunStore {
  return memoryStore(databases.get(store));
}

/** A request of `count` jobs, each one runner on a url of its own, in order. */
export function request(count: number, change: Partial<RunRequest> = {}): RunRequest {
  const runners = Array.from({ length: count }, (_, index) => ({
    name: "runner",
    region: "eu",
    input: { url: `https://example.com/${index}` },
  }));
  return { runners, mode: "remote", ...change };
}

/** The number a job of `request` has. */
export const indexOf = ({ url }: { readonly url: string }): number => Number(url.split("/").at(-1));
