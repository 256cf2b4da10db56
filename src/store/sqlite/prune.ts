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
    if (sql.pruneJobs.run(pruned.run, limit).changes < limit) sql.forgetPruned.run(pruned.run);
    return true;
  }
  const run = sql.findPrunable.get(endedBefore, keepRuns);
  if (!run) return false;
  sql.notePruned.run(run.key);
  sql.pruneRun.run(run.key);
  return true;
}
