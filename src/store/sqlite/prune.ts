/**
 * Retention: a run goes at once, so that nobody sees half of it, and its jobs follow in slices, so
 * that nobody waits for them.
 */
import type { PruneBounds } from "../store.ts";
import type { Statements } from "./statements.ts";

/** One slice of at most `limit` jobs; false once nothing is left to delete. */
export function prune(
  sql: Statements,
  limit: number,
  { endedBefore, keepRuns }: PruneBounds,
): boolean {
  const pruned = sql.findPruned.get();
  if (pruned) {
    pruneJobs(sql, pruned.run, limit);
    return true;
  }
  const run = sql.findPrunable.get(endedBefore, keepRuns);
  if (!run) return false;
  sql.notePruned.run(run.key);
  sql.pruneRun.run(run.key);
  return true;
}

function pruneJobs(sql: Statements, run: number, limit: number): void {
  const last = sql.findPrunableJobs.get(run, limit)?.last ?? null;
  if (last === null) {
    sql.forgetPruned.run(run);
    return;
  }
  sql.pruneEnds.run(run, last);
  sql.pruneStarts.run(run, last);
  sql.pruneRequests.run(run, last);
}
