/**
 * Events of a run, read back from its rows: each job keeps the numbers of its last start and of
 * its end, the run that of its newest event.
 */
import type { RunEvent } from "../../domain/event.ts";
import { type RunRow, toJobFinished, toJobStarted, toRunHead, toRunStatus } from "../rows.ts";
import type { Statements } from "./statements.ts";

/** At most about `limit` events with `id > after`, in order, none left out between them. */
export function readEvents(
  sql: Pick<Statements, "findStarts" | "findEnds">,
  run: RunRow,
  after: number,
  limit: number,
): RunEvent[] {
  const starts = sql.findStarts.all(run.key, after, limit).map(toJobStarted);
  const ends = sql.findEnds.all(run.key, after, limit).map((row) => toJobFinished(row, run));
  const events = [...starts, ...ends].toSorted((a, b) => a.id - b.id).slice(0, limit);
  if (after < 1) {
    events.unshift({ id: 1, type: "run.started", data: { totalJobs: run.total_jobs } });
  }
  const complete = starts.length < limit && ends.length < limit && events.length < limit;
  if (complete && run.completed_at !== null && after < run.last_event) {
    const data = { status: toRunStatus(run), summary: toRunHead(run).summary };
    events.push({ id: run.last_event, type: "run.finished", data });
  }
  return events;
}
