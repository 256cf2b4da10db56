/**
 * Retention: runs go at once, so that nobody sees half of one, and their jobs follow in slices, so
 * that nobody waits for them. Replicas that do it at the same time take different runs.
 */
import type { SQL } from "bun";

import type { PruneBounds } from "../store.ts";

/** Runs that go with one statement: of one job each, ten million may end in a day. */
const RUNS_AT_ONCE = 50;

/** One slice of at most `limit` jobs; false once nothing is left to delete. */
export async function prune(
  sql: SQL,
  limit: number,
  { endedBefore, keepRuns }: PruneBounds,
): Promise<boolean> {
  return (await pruneJobs(sql, limit)) || (await pruneRuns(sql, endedBefore, keepRuns));
}

/** A slice of runs that were deleted, and of what tells of their jobs; false if there is none. */
async function pruneJobs(sql: SQL, limit: number): Promise<boolean> {
  return (await sql.begin(async (tx) => {
    const pruned = (await tx`
      SELECT run FROM pruned_runs LIMIT ${RUNS_AT_ONCE}::int FOR UPDATE SKIP LOCKED`) as {
      run: string;
    }[];
    if (pruned.length === 0) return false;
    const runs = `{${pruned.map(({ run }) => run).join(",")}}`;
    const deleted = await tx`
      WITH slice AS MATERIALIZED (
        SELECT found.ctid AS id FROM unnest(${runs}::text::bigint[]) AS pruned (run),
          LATERAL (SELECT ctid FROM jobs WHERE run = pruned.run LIMIT ${limit}::int) AS found
        LIMIT ${limit}::int
      )
      DELETE FROM jobs USING slice WHERE jobs.ctid = slice.id`;
    const untold = await tx`
      WITH slice AS MATERIALIZED (
        SELECT found.ctid AS id FROM unnest(${runs}::text::bigint[]) AS pruned (run),
          LATERAL (SELECT ctid FROM event_jobs WHERE run = pruned.run LIMIT ${limit}::int) AS found
        LIMIT ${limit}::int
      )
      DELETE FROM event_jobs USING slice WHERE event_jobs.ctid = slice.id`;
    if (Number(deleted.count) < limit && Number(untold.count) < limit) {
      await tx`DELETE FROM pruned_runs WHERE run = ANY (${runs}::text::bigint[])`;
    }
    return true;
  })) as boolean;
}

/** The oldest runs that are past their time; false if there is none. */
async function pruneRuns(sql: SQL, endedBefore: number, keepRuns: number): Promise<boolean> {
  const rows = (await sql`
    WITH old AS MATERIALIZED (
      SELECT key FROM runs WHERE completed_at < ${bounded(endedBefore)}::bigint
      ORDER BY completed_at LIMIT ${RUNS_AT_ONCE}::int FOR UPDATE SKIP LOCKED
    ), surplus AS MATERIALIZED (
      SELECT key FROM runs
      WHERE key <= (SELECT max(key) FROM runs) - ${bounded(keepRuns)}::bigint
        AND completed_at IS NOT NULL
      ORDER BY key LIMIT ${RUNS_AT_ONCE}::int FOR UPDATE SKIP LOCKED
    ), prunable AS (
      SELECT key FROM old UNION SELECT key FROM surplus
    ), pruned AS (
      DELETE FROM runs WHERE key IN (SELECT key FROM prunable) RETURNING key
    ), faceted AS (
      DELETE FROM facets WHERE run IN (SELECT key FROM pruned)
    )
    INSERT INTO pruned_runs (run) SELECT key FROM pruned RETURNING run`) as unknown[];
  return rows.length > 0;
}

function bounded(value: number): number {
  return Math.min(value, Number.MAX_SAFE_INTEGER);
}
