/**
 * What the outside was promised, and the checks of it: the ledger outlives every process of a
 * schedule and believes nothing but what it was told and what the database holds.
 */
import type { Database } from "bun:sqlite";
import { expect } from "bun:test";

import type { RunEvent } from "../../src/domain/event.ts";
import type { RunRequest } from "../../src/domain/run.ts";

export interface KnownRun {
  readonly runId: string;
  readonly request: RunRequest;
  /** Processes that ended before it was submitted. */
  readonly livesBefore: number;
  /** Somebody was told that it was accepted. */
  acknowledged: boolean;
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
  lives = 0;

  know(runId: string, request: RunRequest): KnownRun {
    const known = this.runs.get(runId);
    if (known) return known;
    const livesBefore = this.lives - 1;
    const state = { acknowledged: false, cancelled: false, seen: [], changed: true };
    const run: KnownRun = { runId, request, livesBefore, ...state };
    this.runs.set(runId, run);
    return run;
  }

  /** Starts of a job that the settings and crashes so far account for. */
  mostAttempts({ livesBefore, request }: KnownRun): number {
    return 1 + (request.retries ?? 0) + (this.lives - 1 - livesBefore);
  }

  /** Looks at every run of the database; call between two transactions. */
  inspect(db: Database): void {
    const rows = db
      .query<{ run_id: string; key: number; ended: number }, []>(
        "SELECT run_id, key, completed_at IS NOT NULL AS ended FROM runs",
      )
      .all();
    for (const { ended, key, run_id } of rows) {
      const known = this.runs.get(run_id);
      if (!known) throw new Error(`Run ${run_id} came from nowhere.`);
      if (ended === 0) {
        // An end that was seen is an end for good.
        expect(known.dump).toBeUndefined();
        continue;
      }
      const dump = dumpOf(db, key);
      known.dump ??= dump;
      expect(dump).toBe(known.dump);
    }
    const found = new Set(rows.map(({ run_id }) => run_id));
    for (const { acknowledged, runId } of this.runs.values()) {
      if (acknowledged) expect(found).toContain(runId);
    }
    expect(miscounted(db)).toEqual([]);
  }
}

function dumpOf(db: Database, key: number): string {
  const run = db.query("SELECT * FROM runs WHERE key = ?").all(key);
  const jobs = db.query("SELECT * FROM jobs WHERE run = ? ORDER BY position").all(key);
  return JSON.stringify([run, jobs]);
}

/** Runs whose counters are not those of their jobs. */
function miscounted(db: Database): unknown[] {
  return db
    .query(`
      SELECT run_id FROM runs WHERE (
        total_jobs, queued_jobs, running_jobs, completed_jobs, failed_jobs, timed_out_jobs,
        cancelled_jobs
      ) IS NOT (
        SELECT count(*), count(*) FILTER (WHERE state = 'queued'),
          count(*) FILTER (WHERE state = 'running'), count(*) FILTER (WHERE state = 'completed'),
          count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'timed_out'),
          count(*) FILTER (WHERE state = 'cancelled')
        FROM jobs WHERE run = runs.key
      )`)
    .all();
}
