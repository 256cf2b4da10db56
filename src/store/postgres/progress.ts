/**
 * Progress: starts and ends of jobs and ends of runs, many of them in one statement each.
 *
 * Every statement first locks the rows of its runs, in one order for all, and goes on with those
 * whose epoch is the writer's. Sent a second time it changes nothing: a start is known by the
 * number of its event, an end by the state of its job.
 */
import type { SQL } from "bun";

import type { EndState } from "../../domain/job.ts";

/** Rows as JSON: one parameter, whatever their number. */
export interface StartRow {
  readonly run: number;
  readonly position: number;
  readonly at: number;
  readonly event: number;
  /** Event of an earlier try of this start, of which nobody knows whether it took effect. */
  readonly uncertain?: number;
}

export interface EndRow {
  readonly run: number;
  readonly position: number;
  readonly state: EndState;
  readonly results: string | null;
  readonly error: string | null;
  readonly error_code: string | null;
  readonly error_source: string | null;
  readonly region_mismatch: string | null;
  readonly at: number;
  readonly duration: number;
  readonly event: number;
  readonly passed: number;
  readonly failed: number;
  readonly errored: number;
  /** Of a run whose results are judged. */
  readonly expected: number;
  readonly unexpected: number;
}

export interface RunEndRow {
  readonly run: number;
  readonly epoch: number;
  readonly state: EndState;
  readonly at: number;
  readonly duration: number;
  readonly event: number;
  readonly verdict: string | null;
  readonly localized: string | null;
}

/** The epoch under which a run is written. */
export interface Fence {
  readonly run: number;
  readonly epoch: number;
}

/** Records starts and ends of jobs. Resolves with the runs that are still the writer's. */
export async function writeProgress(
  sql: SQL,
  fences: readonly Fence[],
  starts: readonly StartRow[],
  ends: readonly EndRow[],
): Promise<ReadonlySet<number>> {
  const rows = (await sql`
    WITH owned AS MATERIALIZED (
      SELECT runs.key FROM runs
      WHERE (runs.key, runs.epoch) IN (
        SELECT run, epoch FROM json_to_recordset(${json(fences)}::text::json)
          AS fence (run bigint, epoch integer)
      )
      ORDER BY runs.key FOR NO KEY UPDATE
    ), started AS (
      UPDATE jobs
      SET state = 'running', attempts = jobs.attempts + 1,
        started_at = coalesce(jobs.started_at, start.at), started_event = start.event
      FROM json_to_recordset(${json(starts)}::text::json)
        AS start (run bigint, position integer, at bigint, event bigint, uncertain bigint)
      WHERE start.run IN (SELECT key FROM owned)
        AND jobs.run = start.run AND jobs.position = start.position
        AND (jobs.state = 'queued' OR (jobs.state = 'running'
          AND jobs.started_event IS DISTINCT FROM start.event
          AND jobs.started_event IS DISTINCT FROM start.uncertain))
      RETURNING jobs.run, (jobs.attempts = 1)::int AS first, start.at, start.event
    ), ended AS (
      UPDATE jobs
      SET state = final.state, results = final.results, error = final.error,
        error_code = final.error_code, error_source = final.error_source,
        region_mismatch = final.region_mismatch, completed_at = final.at,
        duration_ms = final.duration, ended_event = final.event
      FROM json_to_recordset(${json(ends)}::text::json) AS final (
        run bigint, position integer, state text, results text, error text, error_code text,
        error_source text, region_mismatch text, at bigint, duration bigint, event bigint,
        passed integer, failed integer, errored integer, expected integer, unexpected integer
      )
      WHERE final.run IN (SELECT key FROM owned)
        AND jobs.run = final.run AND jobs.position = final.position AND jobs.state = 'running'
      RETURNING jobs.run, final.state, final.at, final.event, final.passed, final.failed,
        final.errored, final.expected, final.unexpected
    ), change AS (
      SELECT run, max(at) AS at, max(event) AS event, sum(started) AS started,
        count(*) FILTER (WHERE state = 'completed') AS completed_jobs,
        count(*) FILTER (WHERE state = 'failed') AS failed_jobs,
        count(*) FILTER (WHERE state = 'timed_out') AS timed_out_jobs,
        count(*) FILTER (WHERE state = 'cancelled') AS cancelled_jobs,
        count(state) AS ended, sum(passed) AS passed, sum(failed) AS failed,
        sum(errored) AS errored, sum(expected) AS expected, sum(unexpected) AS unexpected
      FROM (
        SELECT run, at, event, first AS started, NULL AS state, 0 AS passed, 0 AS failed,
          0 AS errored, 0 AS expected, 0 AS unexpected
        FROM started
        UNION ALL
        SELECT run, at, event, 0, state, passed, failed, errored, expected, unexpected
        FROM ended
      ) AS moved
      GROUP BY run
    ), counted AS (
      UPDATE runs
      SET queued_jobs = runs.queued_jobs - change.started,
        running_jobs = runs.running_jobs + change.started - change.ended,
        completed_jobs = runs.completed_jobs + change.completed_jobs,
        failed_jobs = runs.failed_jobs + change.failed_jobs,
        timed_out_jobs = runs.timed_out_jobs + change.timed_out_jobs,
        cancelled_jobs = runs.cancelled_jobs + change.cancelled_jobs,
        passed = runs.passed + change.passed,
        failed = runs.failed + change.failed,
        errored = runs.errored + change.errored,
        expected = runs.expected + change.expected,
        unexpected = runs.unexpected + change.unexpected,
        state = CASE runs.state WHEN 'queued' THEN 'running' ELSE runs.state END,
        updated_at = greatest(runs.updated_at, change.at),
        last_event = greatest(runs.last_event, change.event)
      FROM change WHERE runs.key = change.run
    )
    SELECT key FROM owned`) as { key: string }[];
  return new Set(rows.map(({ key }) => Number(key)));
}

/**
 * Ends runs. Resolves with the states they are in then; a run that is another's has none.
 */
export async function writeRunEnds(
  sql: SQL,
  ends: readonly RunEndRow[],
): Promise<ReadonlyMap<number, EndState>> {
  const rows = (await sql`
    WITH final AS MATERIALIZED (
      SELECT * FROM json_to_recordset(${json(ends)}::text::json) AS final (
        run bigint, epoch integer, state text, at bigint, duration bigint, event bigint,
        verdict text, localized text
      )
    ), owned AS MATERIALIZED (
      SELECT runs.key, runs.state, runs.completed_at FROM runs
      WHERE (runs.key, runs.epoch) IN (SELECT run, epoch FROM final)
      ORDER BY runs.key FOR NO KEY UPDATE
    ), ended AS (
      UPDATE runs
      SET state = CASE WHEN runs.cancelled_at IS NULL THEN final.state ELSE 'cancelled' END,
        completed_at = final.at, updated_at = greatest(runs.updated_at, final.at),
        duration_ms = final.duration, owner = NULL, verdict = final.verdict,
        localized = final.localized,
        -- Past the event of every job, even if the number given was chosen before a lost answer.
        last_event = greatest(runs.last_event + 1, final.event)
      FROM final
      WHERE final.run IN (SELECT key FROM owned) AND runs.key = final.run
        AND runs.completed_at IS NULL
      RETURNING runs.key, runs.state
    )
    SELECT key, state FROM ended
    UNION ALL
    SELECT key, state FROM owned WHERE completed_at IS NOT NULL`) as {
    key: string;
    state: EndState;
  }[];
  return new Map(rows.map(({ key, state }) => [Number(key), state]));
}

/** For `${…}::text::json`: a parameter that is JSON to the driver would be encoded once more. */
function json(rows: readonly unknown[]): string {
  return JSON.stringify(rows);
}
