/** The end of all jobs of a run that have not ended, at once. */
import type { JobEnd } from "../../domain/job.ts";
import type { Moment, StoredRun } from "../store.ts";
import type { Client } from "./client.ts";
import { SPAN_JOBS } from "./progress.ts";
import { storableOrNull } from "./rows.ts";
import { leaseLost } from "./writer.ts";

/** How many there were in each region; "" stands for none. */
export async function endOpenJobs(
  client: Client,
  { epoch, key, runId }: StoredRun,
  { error, errorCode, errorSource, state }: JobEnd,
  { at, event }: Moment,
): Promise<ReadonlyMap<string, number>> {
  const rows = (await client.query(
    (sql) => sql`
      WITH owned AS MATERIALIZED (
        SELECT key FROM runs
        WHERE key = ${key}::bigint AND epoch = ${epoch}::int AND run_id = ${runId}
        FOR NO KEY UPDATE
      ), open AS MATERIALIZED (
        SELECT ctid AS found, position, state, row_number() OVER (ORDER BY position) - 1 AS rank
        FROM jobs WHERE run = (SELECT key FROM owned) AND state IN ('queued', 'running')
      ), told AS (
        INSERT INTO event_jobs (run, event, positions)
        SELECT ${key}::bigint, ${event}::bigint + min(rank), array_agg(position ORDER BY rank)
        FROM open GROUP BY rank / ${SPAN_JOBS}::int
        ON CONFLICT DO NOTHING
      ), ended AS (
        UPDATE jobs
        SET state = ${state}, error = ${storableOrNull(error)}::text,
          error_code = ${storableOrNull(errorCode)}::text,
          error_source = ${errorSource ?? null}::text, completed_at = ${at}::bigint,
          duration_ms = greatest(0, ${at}::bigint - jobs.started_at),
          ended_event = ${event}::bigint + open.rank
        FROM open
        WHERE jobs.ctid = open.found
        RETURNING coalesce(jobs.region, '') AS region, (open.state = 'queued')::int AS queued,
          json_array_length(jobs.runners::json) AS runners
      ), change AS (
        SELECT count(*) AS jobs, sum(queued) AS queued, sum(runners) AS runners FROM ended
      ), counted AS (
        UPDATE runs
        SET queued_jobs = queued_jobs - change.queued,
          running_jobs = running_jobs - (change.jobs - change.queued),
          failed_jobs = failed_jobs + CASE ${state}::text WHEN 'failed' THEN change.jobs ELSE 0 END,
          timed_out_jobs = timed_out_jobs
            + CASE ${state}::text WHEN 'timed_out' THEN change.jobs ELSE 0 END,
          cancelled_jobs = cancelled_jobs
            + CASE ${state}::text WHEN 'cancelled' THEN change.jobs ELSE 0 END,
          errored = errored + change.runners,
          unexpected = unexpected + change.runners,
          state = CASE runs.state WHEN 'queued' THEN 'running' ELSE runs.state END,
          updated_at = greatest(updated_at, ${at}::bigint),
          last_event = greatest(last_event, ${event}::bigint + change.jobs - 1)
        FROM change WHERE runs.key = ${key}::bigint AND change.jobs > 0
      )
      SELECT region, count(*)::int AS jobs, true AS owned FROM ended GROUP BY region
      UNION ALL
      SELECT NULL, 0, EXISTS (SELECT FROM owned)`,
  )) as { region: string | null; jobs: number; owned: boolean }[];
  if (rows.some(({ owned }) => !owned)) throw leaseLost(runId);
  return new Map(rows.flatMap(({ jobs, region }) => (region === null ? [] : [[region, jobs]])));
}
