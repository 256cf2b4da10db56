/** Events of a run, read back from its rows. */
import type { SQL } from "bun";

import type { RunEvent } from "../../domain/event.ts";
import { eventsOf } from "../run-events.ts";
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
  // The jobs are read later than the run. What happened in between is left for the next page: of
  // two statements one may see an event that comes after one the other does not see.
  const newest = run.last_event;
  const [started, ended] = await Promise.all([
    sql`SELECT * FROM jobs
      WHERE run = ${run.key}::bigint AND started_event > ${after}::bigint
        AND started_event <= ${newest}::bigint
      ORDER BY started_event LIMIT ${limit}::int` as Promise<RawJob[]>,
    sql`SELECT * FROM jobs
      WHERE run = ${run.key}::bigint AND ended_event > ${after}::bigint
        AND ended_event <= ${newest}::bigint
      ORDER BY ended_event LIMIT ${limit}::int` as Promise<RawJob[]>,
  ]);
  const rows = { started: started.map(toJobRow), ended: ended.map(toJobRow) };
  return eventsOf(run, rows, after, limit);
}
