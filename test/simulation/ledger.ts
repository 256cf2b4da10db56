/**
 * What the outside was promised, and the checks of it: the ledger outlives every process of a
 * schedule and believes nothing but what it was told and what the database holds.
 */
import type { Database } from "bun:sqlite";
import { expect } from "bun:test";

import type { RunEvent } from "../../src/domain/event.ts";
import type { Policy } from "../../src/domain/expectation.ts";
import type { Mode, RunRequest } from "../../src/domain/run.ts";
import { present } from "../../src/lib/present.ts";

export interface KnownRun {
  readonly runId: string;
  readonly request: RunRequest;
  /** Somebody was told that it was accepted. */
  acknowledged: boolean;
  /** Somebody was told that it was new. */
  created: boolean;
  /** Somebody was told that it is, or will be, cancelled. */
  cancelled: boolean;
  /** The rows of the run and its jobs, as they were when it was first seen ended. */
  dump?: string;
  /** What somebody who followed its events has seen. */
  readonly seen: RunEvent[];
  /** There may be more to see. */
  changed: boolean;
}

export class Ledger {
  readonly runs = new Map<string, KnownRun>();
  /** How often each job was cut off by the end of a process, by its id. */
  readonly #interruptions = new Map<string, number>();
  #held: unknown;

  know(runId: string, request: RunRequest): KnownRun {
    const known = this.runs.get(runId);
    if (known) return known;
    const state = {
      acknowledged: false,
      created: false,
      cancelled: false,
      seen: [],
      changed: true,
    };
    const run: KnownRun = { runId, request, ...state };
    this.runs.set(runId, run);
    return run;
  }

  /** Keeps the first fault of a check that must not throw where it is made. */
  hold(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#held ??= error;
    }
  }

  /** Throws what `hold` kept. */
  release(): void {
    if (this.#held !== undefined) throw this.#held;
  }

  /** A run of the database; of reruns, whose id nobody chose, this is the first that is heard. */
  find(db: Database, runId: string): KnownRun {
    const known = this.runs.get(runId);
    if (known) return known;
    const row = db
      .query<
        { parent_run_id: string | null; mode: Mode; retries: number; policy: string | null },
        [string]
      >("SELECT parent_run_id, mode, retries, policy FROM runs WHERE run_id = ?")
      .get(runId);
    const parent = this.runs.get(row?.parent_run_id ?? "");
    if (!parent) throw new Error(`Run ${runId} came from nowhere.`);
    const { mode, policy, retries } = row!;
    const { expect: expectations } = parent.request;
    const runners = db
      .query<{ runners: string; region: string | null }, [string]>(
        `
        SELECT runners, region FROM jobs JOIN runs ON runs.key = run
        WHERE run_id = ? ORDER BY position`,
      )
      .all(runId)
      .flatMap(({ region, ...job }) =>
        (JSON.parse(job.runners) as RunRequest["runners"]).map((runner) => ({
          ...runner,
          ...present({ region }),
        })),
      );
    return this.know(runId, {
      mode,
      retries,
      runners,
      ...present({
        expect: expectations,
        policy: policy === null ? null : (JSON.parse(policy) as Policy),
      }),
    });
  }

  /** How often a job may be started: once, as often as it may be retried, and was cut off. */
  mostAttempts(jobId: string, { request }: KnownRun): number {
    return 1 + (request.retries ?? 0) + (this.#interruptions.get(jobId) ?? 0);
  }

  /** A process ended with this on its disk. */
  interrupted(db: Database): void {
    const jobs = db.query<{ job_id: string }, []>(
      "SELECT job_id FROM jobs WHERE state = 'running'",
    );
    for (const { job_id } of jobs.all()) {
      this.#interruptions.set(job_id, (this.#interruptions.get(job_id) ?? 0) + 1);
    }
  }

  /** Keeps runs that have ended since as they are now. */
  glance(db: Database): void {
    for (const { ended, key, run_id } of runsOf(db)) {
      const known = this.find(db, run_id);
      if (ended) known.dump ??= dumpOf(db, key);
    }
  }

  /** Looks at all there is: nothing is lost, miscounted, or changed after its end. */
  inspect(db: Database): void {
    this.glance(db);
    const rows = runsOf(db);
    for (const { key, run_id } of rows) {
      const { dump } = this.find(db, run_id);
      if (dump !== undefined) expect(dumpOf(db, key)).toBe(dump);
    }
    const found = new Set(rows.map(({ run_id }) => run_id));
    for (const { acknowledged, runId } of this.runs.values()) {
      if (acknowledged) expect(found).toContain(runId);
    }
    expect(miscounted(db)).toEqual([]);
  }
}

function runsOf(db: Database): { run_id: string; key: number; ended: number }[] {
  return db
    .query<{ run_id: string; key: number; ended: number }, []>(
      "SELECT run_id, key, completed_at IS NOT NULL AS ended FROM runs",
    )
    .all();
}

function dumpOf(db: Database, key: number): string {
  const run = db.query("SELECT * FROM runs WHERE key = ?").all(key);
  const jobs = db.query("SELECT * FROM jobs WHERE run = ? ORDER BY position").all(key);
  return JSON.stringify([run, jobs]);
}

/** Runs whose counters are not those of their jobs. */
function miscounted(db: Database): unknown[] {
  return db
    .query(
      `
      SELECT run_id FROM runs WHERE (
        total_jobs, queued_jobs, running_jobs, completed_jobs, failed_jobs, timed_out_jobs,
        cancelled_jobs
      ) IS NOT (
        SELECT count(*), count(*) FILTER (WHERE state = 'queued'),
          count(*) FILTER (WHERE state = 'running'), count(*) FILTER (WHERE state = 'completed'),
          count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'timed_out'),
          count(*) FILTER (WHERE state = 'cancelled')
        FROM jobs WHERE run = runs.key
      )`,
    )
    .all();
}
