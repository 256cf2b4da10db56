/**
 * Events of a run, read back from its rows. Which jobs they are about is told by event_jobs, a span
 * of numbers at a time.
 */
import type { SQL } from "bun";

import type { RunEvent } from "../../domain/event.ts";
import { type JobRow, type RunRow, toJobFinished, toJobStarted } from "../rows.ts";
import { eventsOf } from "../run-events.ts";
import { SPAN_JOBS } from "./progress.ts";
import { type RawJob, type RawRun, toJobRow, toRunRow } from "./rows.ts";

/** An event, and the job that it is about unless the job has another number by now. */
interface Told {
  readonly event: number;
  readonly position: number;
}

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
  const events: RunEvent[] = [];
  for (let seen = after; events.length < limit;) {
    const told = await toldAfter(sql, run, seen, limit - events.length);
    const last = told.at(-1);
    if (!last) break;
    seen = last.event;
    const jobs = await jobsAt(sql, run, told);
    for (const { event, position } of told) {
      const job = jobs.get(position);
      if (job?.started_event === event) events.push(toJobStarted(job));
      if (job?.ended_event === event) events.push(toJobFinished(job, run));
    }
  }
  return eventsOf(run, events, after, limit);
}

/**
 * Up to the newest event of the run as it was read: of what has happened since, one statement may
 * see what comes after something that another does not see.
 */
async function toldAfter(sql: SQL, run: RunRow, after: number, limit: number): Promise<Told[]> {
  const rows = (await sql`
    WITH span AS MATERIALIZED (
      SELECT event, positions FROM event_jobs
      WHERE run = ${run.key}::bigint
        AND event > ${after - SPAN_JOBS}::bigint AND event <= ${run.last_event}::bigint
        AND event + cardinality(positions) > ${after + 1}::bigint
      ORDER BY event LIMIT ${limit}::int
    )
    SELECT span.event + told.index - 1 AS event, told.position
    FROM span, unnest(span.positions) WITH ORDINALITY AS told (position, index)
    WHERE span.event + told.index - 1 > ${after}::bigint
      AND span.event + told.index - 1 <= ${run.last_event}::bigint
    ORDER BY span.event, told.index LIMIT ${limit}::int`) as { event: string; position: number }[];
  return rows.map(({ event, position }) => ({ event: Number(event), position }));
}

async function jobsAt(
  sql: SQL,
  run: RunRow,
  told: readonly Told[],
): Promise<ReadonlyMap<number, JobRow>> {
  const positions = `{${told.map(({ position }) => position).join(",")}}`;
  const rows = (await sql`
    SELECT * FROM jobs
    WHERE run = ${run.key}::bigint AND position = ANY (${positions}::text::int[])`) as RawJob[];
  return new Map(rows.map((row) => [Number(row.position), toJobRow(row)]));
}
