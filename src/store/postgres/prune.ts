/**
 * Retention: a run goes at once, so that nobody sees half of it, and its jobs follow in slices, so
 * that nobody waits for them. Replicas that do it at the same time take different runs.
 */
import type { SQL } from "bun";

import type { PruneBounds } from "../store.ts";

/** One slice of at most `limit` jobs; false once nothing is left to delete. */
export async function prune(
  sql: SQL,
  limit: number,
  { endedBefore, keepRuns }: PruneBounds,
): Promise<boolean> {
  return (await pruneJobs(sql, limit)) || (await pruneRun(sql, endedBefore, keepRuns));
}

/** A slice of a run that was deleted, and of what tells of its jobs; false if there is none. */
async function pruneJobs(sql: SQL, limit: number): Promise<boolean> {
  return (await sql.begin(async (tx) => {
    const [pruned] = (await tx`
      SELECT run FROM pruned_runs LIMIT 1 FOR UPDATE SKIP LOCKED`) as { run: string }[];
    if (!pruned) return false;
    const deleted = await tx`
      DELETE FROM jobs
      WHERE run = ${pruned.run}::bigint AND position IN (
        SELECT position FROM jobs WHERE run = ${pruned.run}::bigint ORDER BY position
        LIMIT ${limit}::int
      )`;
    const untold = await tx`
      DELETE FROM event_jobs
      WHERE run = ${pruned.run}::bigint AND event IN (
        SELECT event FROM event_jobs WHERE run = ${pruned.run}::bigint ORDER BY event
        LIMIT ${limit}::int
      )`;
    if (Number(deleted.count) < limit && Number(untold.count) < limit) {
      await tx`DELETE FROM pruned_runs WHERE run = ${pruned.run}::bigint`;
    }
    return true;
  })) as boolean;
}

async function pruneRun(sql: SQL, endedBefore: number, keepRuns: number): Promise<boolean> {
  const rows = (await sql`
    WITH old AS MATERIALIZED (
      SELECT key FROM runs WHERE completed_at < ${bounded(endedBefore)}::bigint
      ORDER BY completed_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ), surplus AS MATERIALIZED (
      SELECT key FROM runs
      WHERE key <= (SELECT max(key) FROM runs) - ${bounded(keepRuns)}::bigint
        AND completed_at IS NOT NULL
      ORDER BY key LIMIT 1 FOR UPDATE SKIP LOCKED
    ), prunable AS (
      SELECT key FROM old UNION ALL SELECT key FROM surplus LIMIT 1
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
