/**
 * Progress: starts and ends of jobs and ends of runs, many of them in one statement each.
 *
 * Every statement first locks the rows of its runs, in one order for all, and goes on with those
 * whose epoch is the writer's. Nobody else changes jobs of a run meanwhile. Runs and jobs are looked
 * up one by one (LATERAL with a lock or OFFSET 0, which no planner moves): a plan made when the
 * tables were small would look through all of them, for each of the rows.
 *
 * Sent a second time it changes nothing: a start is known by the number of its event, an end by the
 * state of its job.
 */
import type { SQL } from "bun";

import type { EndState } from "../../domain/job.ts";

/**
 * Jobs that events with following numbers are about, the first with the number `event`. Rows are
 * sent as JSON, one parameter whatever their number; what is nothing, or 0, is left out of it.
 */
export interface EventSpan {
  readonly run: number;
  readonly event: number;
  /** At most SPAN_JOBS. */
  readonly positions: readonly number[];
  /** When they started, if the events are starts. */
  readonly at?: number;
  /**
   * For each of the jobs, the event of an earlier try of this start, of which nobody knows whether
   * it took effect.
   */
  readonly uncertain?: readonly (number | null)[];
}

/** Whoever looks for an event looks at the spans that begin so far before it. */
export const SPAN_JOBS = 250;

export interface EndRow {
  readonly run: number;
  readonly position: number;
  readonly state: EndState;
  readonly results?: string;
  readonly error?: string;
  readonly error_code?: string;
  readonly error_source?: string;
  readonly region_mismatch?: string;
  readonly at: number;
  readonly duration: number;
  readonly event: number;
  readonly passed?: number;
  readonly failed?: number;
  readonly errored?: number;
  /** Of a run whose results are judged. */
  readonly expected?: number;
  readonly unexpected?: number;
}

/** Starts and ends of jobs; each has its place in a span. */
export interface Progress {
  readonly spans: readonly EventSpan[];
  readonly ends: readonly EndRow[];
}

export interface RunEndRow extends Fence {
  readonly state: EndState;
  readonly at: number;
  readonly duration: number;
  readonly event: number;
  readonly verdict: string | null;
  readonly localized: string | null;
}

/**
 * The epoch under which a run is written. The id, too: after a fail-over that lost commits another
 * run may have the key of one that is gone.
 */
export interface Fence {
  readonly run: number;
  readonly epoch: number;
  readonly id: string;
}

/** Records starts and ends of jobs. Resolves with the runs that are still the writer's. */
export async function writeProgress(
  sql: SQL,
  fences: readonly Fence[],
  { ends, spans }: Progress,
): Promise<ReadonlySet<number>> {
  const rows = (await sql`
    WITH owned AS MATERIALIZED (
      SELECT run.key, run.completed_at IS NULL AS open
      FROM json_to_recordset(${json(fences.toSorted(byRun))}::text::json)
        AS fence (run bigint, epoch integer, id text),
        LATERAL (
          SELECT key, completed_at FROM runs
          WHERE key = fence.run AND epoch = fence.epoch AND run_id = fence.id FOR NO KEY UPDATE
        ) AS run
    ), span AS MATERIALIZED (
      SELECT span.* FROM json_to_recordset(${json(spans)}::text::json) AS span (
        run bigint, event bigint, positions integer[], at bigint, uncertain bigint[]
      )
      WHERE span.run IN (SELECT key FROM owned WHERE open)
    ), told AS (
      INSERT INTO event_jobs (run, event, positions) SELECT run, event, positions FROM span
      ON CONFLICT DO NOTHING
    ), start AS MATERIALIZED (
      SELECT span.run, start.position, start.uncertain, span.at,
        span.event + start.index - 1 AS event
      FROM span, unnest(span.positions, span.uncertain) WITH ORDINALITY
        AS start (position, uncertain, index)
      WHERE span.at IS NOT NULL
    ), started AS (
      UPDATE jobs
      SET state = 'running', attempts = jobs.attempts + 1,
        started_at = coalesce(jobs.started_at, start.at), started_event = start.event
      FROM start, LATERAL (
        SELECT ctid FROM jobs WHERE run = start.run AND position = start.position OFFSET 0
      ) AS found
      WHERE jobs.ctid = found.ctid
        AND (jobs.state = 'queued' OR (jobs.state = 'running'
          AND jobs.started_event IS DISTINCT FROM start.event
          AND jobs.started_event IS DISTINCT FROM start.uncertain))
      RETURNING jobs.run, (jobs.attempts = 1)::int AS first, start.at
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
      ), LATERAL (
        SELECT ctid FROM jobs WHERE run = final.run AND position = final.position OFFSET 0
      ) AS found
      WHERE final.run IN (SELECT key FROM owned)
        AND jobs.ctid = found.ctid AND jobs.state = 'running'
      RETURNING jobs.run, final.state, final.at, final.passed, final.failed, final.errored,
        final.expected, final.unexpected
    ), change AS (
      SELECT run, max(at) AS at, max(event) AS event, sum(started) AS started,
        count(at) AS moved,
        count(*) FILTER (WHERE state = 'completed') AS completed_jobs,
        count(*) FILTER (WHERE state = 'failed') AS failed_jobs,
        count(*) FILTER (WHERE state = 'timed_out') AS timed_out_jobs,
        count(*) FILTER (WHERE state = 'cancelled') AS cancelled_jobs,
        count(state) AS ended, coalesce(sum(passed), 0) AS passed,
        coalesce(sum(failed), 0) AS failed, coalesce(sum(errored), 0) AS errored,
        coalesce(sum(expected), 0) AS expected, coalesce(sum(unexpected), 0) AS unexpected
      FROM (
        SELECT run, at, NULL::bigint AS event, first AS started, NULL AS state, 0 AS passed,
          0 AS failed, 0 AS errored, 0 AS expected, 0 AS unexpected
        FROM started
        UNION ALL
        SELECT run, at, NULL, 0, state, passed, failed, errored, expected, unexpected
        FROM ended
        UNION ALL
        -- Also of what changed nothing: a number stands for one event.
        SELECT run, NULL, event + cardinality(positions) - 1, 0, NULL, 0, 0, 0, 0, 0 FROM span
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
        state = CASE WHEN runs.state = 'queued' AND moved > 0 THEN 'running' ELSE runs.state END,
        updated_at = greatest(runs.updated_at, change.at),
        last_event = greatest(runs.last_event, change.event)
      FROM change WHERE runs.key = change.run
    )
    SELECT key FROM owned`) as { key: string }[];
  return new Set(rows.map(({ key }) => Number(key)));
}

/**
 * Ends runs. Resolves with the states they are in then; a run that is another's, or has open jobs,
 * has none.
 */
export async function writeRunEnds(
  sql: SQL,
  ends: readonly RunEndRow[],
): Promise<ReadonlyMap<number, EndState>> {
  const rows = (await sql`
    WITH final AS MATERIALIZED (
      SELECT * FROM json_to_recordset(${json(ends.toSorted(byRun))}::text::json) AS final (
        run bigint, epoch integer, id text, state text, at bigint, duration bigint, event bigint,
        verdict text, localized text
      )
    ), owned AS MATERIALIZED (
      SELECT run.key, run.state, run.completed_at FROM final,
        LATERAL (
          SELECT key, state, completed_at FROM runs
          WHERE key = final.run AND epoch = final.epoch AND run_id = final.id FOR NO KEY UPDATE
        ) AS run
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
        -- A fail-over that lost commits may have opened jobs again.
        AND runs.queued_jobs = 0 AND runs.running_jobs = 0
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

/** The order in which all lock the rows of runs. */
function byRun(one: { readonly run: number }, other: { readonly run: number }): number {
  return one.run - other.run;
}

/** For `${…}::text::json`: a parameter that is JSON to the driver would be encoded once more. */
function json(rows: readonly unknown[]): string {
  return JSON.stringify(rows);
}
