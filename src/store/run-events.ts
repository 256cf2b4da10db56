/**
 * Events of a run, told from its rows: each job keeps the numbers of its last start and of its
 * end, the run that of its newest event.
 */
import type { RunEvent } from "../domain/event.ts";
import {
  type JobRow,
  type RunRow,
  toJobFinished,
  toJobStarted,
  toRunHead,
  toRunStatus,
} from "./rows.ts";

/** Jobs in the order of their starts, or ends, with `event > after`, at most `limit` of each. */
export interface EventRows {
  readonly started: readonly JobRow[];
  readonly ended: readonly JobRow[];
}

/** At most about `limit` events with `id > after`, in order, none left out between them. */
export function eventsOf(
  run: RunRow,
  { ended, started }: EventRows,
  after: number,
  limit: number,
): RunEvent[] {
  const jobs = [...started.map(toJobStarted), ...ended.map((row) => toJobFinished(row, run))];
  const events = jobs.toSorted((a, b) => a.id - b.id).slice(0, limit);
  if (after < 1) {
    events.unshift({ id: 1, type: "run.started", data: { totalJobs: run.total_jobs } });
  }
  const complete = started.length < limit && ended.length < limit && events.length < limit;
  if (complete && run.completed_at !== null && after < run.last_event) {
    const data = { status: toRunStatus(run), summary: toRunHead(run).summary };
    events.push({ id: run.last_event, type: "run.finished", data });
  }
  return events;
}
