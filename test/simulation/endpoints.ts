/**
 * All endpoints of a schedule: they answer when told, or never, or late, or not at all well. Each
 * dispatch is held against the limits and the database in the moment it comes in.
 */
import type { Database } from "bun:sqlite";
import { expect } from "bun:test";

import type { Dispatch, DispatchJob, JobOutcome } from "../../src/dispatch/dispatch.ts";
import { present } from "../../src/lib/present.ts";
import type { FakeClock } from "../support/fake-clock.ts";
import type { Random } from "../support/random.ts";
import type { Ledger } from "./ledger.ts";
import type { Settings } from "./settings.ts";

interface Call {
  readonly job: DispatchJob;
  readonly signal: AbortSignal;
  readonly settle: (outcome: JobOutcome | Error) => void;
}

export interface EndpointsOptions {
  readonly db: Database;
  readonly clock: FakeClock;
  readonly random: Random;
  readonly settings: Settings;
  readonly ledger: Ledger;
  readonly traced: (what: string) => void;
}

interface JobRow {
  readonly state: string;
  readonly attempts: number;
  readonly mode: string;
  readonly run_state: string;
  readonly concurrency: number | null;
  readonly limit_at: number;
}

const FAILED = { state: "failed", error: "It hung up.", errorSource: "transport" } as const;

export class Endpoints {
  readonly #options: EndpointsOptions;
  readonly #calls = new Set<Call>();
  /** In some lives endpoints mostly fail, in a way that another attempt may mend. */
  readonly #sick: boolean;

  constructor(options: EndpointsOptions) {
    this.#options = options;
    this.#sick = options.random.integer(0, 3) === 0;
  }

  /** Dispatches that have not settled. */
  get inFlight(): number {
    return this.#calls.size;
  }

  readonly dispatch: Dispatch = (job, signal) => {
    const { ledger, random } = this.#options;
    const { integer, pick } = random;
    const { promise, reject, resolve } = Promise.withResolvers<JobOutcome>();
    const call: Call = {
      job,
      signal,
      settle: (outcome) => {
        this.#calls.delete(call);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      },
    };
    this.#calls.add(call);
    // The core takes what a dispatcher throws for a failure of the dispatch.
    ledger.hold(() => this.#check(call));
    // Some let go at once, some only when they are told to answer.
    const patience = integer(0, 2);
    const aborted = (): void => {
      if (patience > 0) call.settle({ ...FAILED, ...(patience === 2 ? { retry: {} } : {}) });
    };
    signal.addEventListener("abort", aborted, { once: true });
    const mood = integer(0, 19);
    if (mood === 0) call.settle(new TypeError("A dispatcher that rejects."));
    else if (mood === 1) call.settle(pick([passed(job), FAILED]));
    else if (this.#sick && mood < 12) call.settle({ ...FAILED, retry: {} });
    return promise;
  };

  /** Some call is answered, somehow. */
  answer(): void {
    const { integer, pick } = this.#options.random;
    if (this.#calls.size === 0) return;
    const call = pick([...this.#calls]);
    const { job } = call;
    this.#options.traced("answered");
    const afterMs = pick([undefined, 0, 90, 2_000]);
    const results = job.runners.map(({ name }) => ({
      name,
      status: pick(["pass", "fail", "error"] as const),
    }));
    call.settle(
      [
        passed(job),
        passed(job),
        { state: "completed", results } as const,
        { ...FAILED, retry: present({ afterMs }) },
        { ...FAILED, retry: present({ afterMs }) },
        FAILED,
        // An answer that lacked some results: those that came count.
        { ...FAILED, results },
        new TypeError("A dispatcher that rejects."),
      ][integer(0, 7)]!,
    );
  }

  /** All calls are answered well, as if nothing had ever been wrong. */
  answerAll(): void {
    for (const call of this.#calls) call.settle(passed(call.job));
  }

  #check({ job, signal }: Call): void {
    const { clock, db, ledger, settings, traced } = this.#options;
    const { jobId, region, runId } = job;
    const known = ledger.find(db, runId);
    expect(signal.aborted).toBe(false);
    const row = db
      .query<JobRow, [string]>(
        `
        SELECT jobs.state, attempts, mode, runs.state AS run_state, concurrency,
          created_at + timeout_ms AS limit_at
        FROM jobs JOIN runs ON runs.key = jobs.run WHERE job_id = ?`,
      )
      .get(jobId)!;
    // Its start is kept, its end is not, nor that of its run.
    expect([row.state, row.run_state]).toEqual(["running", "running"]);
    traced(row.attempts > 1 ? "dispatched again" : "dispatched");
    expect(row.attempts).toBeLessThanOrEqual(ledger.mostAttempts(jobId, known));
    expect(clock.now()).toBeLessThan(row.limit_at);
    expect(known.cancelled).toBe(false);
    const calls = [...this.#calls];
    const count = (fits: (job: DispatchJob) => boolean): number =>
      calls.filter((call) => fits(call.job)).length;
    expect(count((other) => other.jobId === jobId)).toBe(1);
    expect(calls.length).toBeLessThanOrEqual(settings.maxInFlight);
    expect(count((other) => other.runId === runId)).toBeLessThanOrEqual(
      row.concurrency ?? Infinity,
    );
    if (row.mode === "local") return;
    const modeOf = (id: string) => ledger.runs.get(id)?.request.mode;
    expect(
      count((other) => other.region === region && modeOf(other.runId) === "remote"),
    ).toBeLessThanOrEqual(settings.maxInFlightPerRegion ?? Infinity);
  }
}

function passed({ runners }: DispatchJob): JobOutcome {
  return { state: "completed", results: runners.map(({ name }) => ({ name, status: "pass" })) };
}
