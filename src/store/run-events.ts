/**
 * Events of a run, told from its rows: each job keeps the numbers of its last start and of its
 * end, the run that of its newest event.
 */
import type { RunEvent } from "../domain/event.ts";
import { type RunRow, toRunHead, toRunStatus } from "./rows.ts";

/**
 * The events of a run with `id > after`, in order. `jobs`: those of its jobs; fewer than `limit` if
 * there are no more.
 */
export function eventsOf(
  run: RunRow,
  jobs: readonly RunEvent[],
  after: number,
  limit: number,
): RunEvent[] {
  const events = [...jobs];
  if (after < 1) {
    events.unshift({ id: 1, type: "run.started", data: { totalJobs: run.total_jobs } });
  }
  if (jobs.length < limit && run.completed_at !== null && after < run.last_event) {
    const data = { status: toRunStatus(run), summary: toRunHead(run).summary };
    events.push({ id: run.last_event, type: "run.finished", data });
  }
  return events;
}
