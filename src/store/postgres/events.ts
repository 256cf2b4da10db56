/**
 * Events of a run, read back from its rows: each job keeps the numbers of its last start and of
 * its end, the run that of its newest event.
 */
import type { SQL } from "bun";

import type { RunEvent } from "../../domain/event.ts";
import { toJobFinished, toJobStarted, toRunHead, toRunStatus } from "../rows.ts";
import { type RawJob, type RawRun, toJobRow, toRunRow } from "./rows.ts";

/** At most about `limit` events with `id > after`, in order, none left out between them. */
export async function readEvents(
  sql: SQL,
  runId: string,
  after: number,
  limit: number,
): Promise<RunEvent[]> {
  const [raw] = (await sql`SELECT * FROM runs WHERE run_id = ${runId}`) as RawRun[];
  if (!raw) return [];
  const run = toRunRow(raw);
  // What is told of the jobs is read after the run and not before it: an event later than the
  // run's newest then is left for the next page, together with those that came between.
  const newest = run.last_event;
  const [starts, ends] = await Promise.all([
    sql`SELECT * FROM jobs
      WHERE run = ${run.key}::bigint AND started_event > ${after}::bigint
        AND started_event <= ${newest}::bigint
      ORDER BY started_event LIMIT ${limit}::int` as Promise<RawJob[]>,
    sql`SELECT * FROM jobs
      WHERE run = ${run.key}::bigint AND ended_event > ${after}::bigint
        AND ended_event <= ${newest}::bigint
      ORDER BY ended_event LIMIT ${limit}::int` as Promise<RawJob[]>,
  ]);
  const events = [
    ...starts.map((row) => toJobStarted(toJobRow(row))),
    ...ends.map((row) => toJobFinished(toJobRow(row))),
  ]
    .toSorted((a, b) => a.id - b.id)
    .slice(0, limit);
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
