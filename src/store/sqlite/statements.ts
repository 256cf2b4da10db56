/**
 * Every SQL statement of the embedded store, prepared once, when it is first used.
 *
 * Guards stand in the WHERE clauses: an ended job or run is never changed, whoever asks.
 */
import type { Database } from "bun:sqlite";

import type { EndState } from "../../domain/job.ts";
import type { PastRow } from "../past-rows.ts";
import type { JobRow, PendingRow, RunRow, StatusRow } from "../rows.ts";
import { preparedLater } from "./prepared-later.ts";

/** Keys of jobs lie this far apart from one run to the next; more than a run may have jobs. */
const JOBS_OF_RUN = 2 ** 20;

/** The key of a job. */
export function jobKey(run: number, position: number): number {
  return run * JOBS_OF_RUN + position;
}

interface OpenRow {
  readonly region: string;
  readonly queued: number;
  readonly running: number;
  readonly runners: number;
}

/** In the order of the statement: bound by position, a third cheaper than by name. */
type JobEndRow = [
  key: number,
  run: number,
  state: string,
  results: string | null,
  error: string | null,
  errorCode: string | null,
  errorSource: string | null,
  regionMismatch: string | null,
  at: number,
  durationMs: number,
  event: number,
];

/** Jobs of the run `?1`, or of those after the position `?2` in it. */
const OF_RUN = `key >= ?1 * ${JOBS_OF_RUN} AND key < (?1 + 1) * ${JOBS_OF_RUN}`;
const AFTER = `key > ?1 * ${JOBS_OF_RUN} + ?2 AND key < (?1 + 1) * ${JOBS_OF_RUN}`;

/** Jobs of the run `?1` up to the key `?2`. */
const UP_TO = `key >= ?1 * ${JOBS_OF_RUN} AND key <= ?2`;

const NOT_ENDED = "NOT EXISTS (SELECT 1 FROM job_ends WHERE key = ?1)";

type OpenJobsEnd = [
  run: number,
  state: string,
  error: string | null,
  errorCode: string | null,
  errorSource: string | null,
  at: number,
  event: number,
];

/** The columns of a PendingRow. */
const PENDING = "key, position, job_id, url, region, runners, expected, attempts, started_at";

export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(database: Database) {
  const db = preparedLater(database);
  return {
    findSubmitted: db.prepare<
      { run_id: string; request_digest: string },
      [runId: string, idempotencyKey: string | null]
    >("SELECT run_id, request_digest FROM runs WHERE run_id = ?1 OR idempotency_key = ?2"),

    insertRun: db.prepare<RunRow, [Record<string, string | number | null>]>(`
      INSERT INTO runs (
        key, run_id, idempotency_key, request_digest, parent_run_id, mode, tags, concurrency,
        timeout_ms, job_timeout_ms, retries, warnings, state, total_jobs, queued_jobs, total, created_at,
        updated_at, last_event, policy, expected, unexpected, ignore
      ) VALUES (
        $key, $runId, $idempotencyKey, $requestDigest, $parentRunId, $mode, $tags, $concurrency,
        $timeoutMs, $jobTimeoutMs, $retries, $warnings, 'queued', $totalJobs, $totalJobs, $total, $createdAt,
        $createdAt, 1, $policy, iif($policy IS NULL, NULL, 0), iif($policy IS NULL, NULL, 0),
        $ignore
      ) RETURNING *`),

    insertFacet: db.prepare<never, [kind: string, value: string, run: number]>(
      "INSERT INTO facets (kind, value, run) VALUES (?, ?, ?)",
    ),

    insertJob: db.prepare<
      never,
      [
        key: number,
        run: number,
        position: number,
        jobId: string,
        url: string,
        region: string | null,
        runners: string,
        expected: string | null,
      ]
    >(`
      INSERT INTO job_requests (key, run, position, job_id, url, region, runners, expected)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),

    unowned: db.prepare<RunRow, [owned: string, limit: number]>(`
      SELECT * FROM runs
      WHERE state IN ('queued', 'running') AND key NOT IN (SELECT value FROM json_each(?))
      ORDER BY key LIMIT ?`),

    pendingJobs: db.prepare<PendingRow, [run: number, after: number, limit: number]>(`
      SELECT ${PENDING} FROM jobs
      WHERE ${AFTER} AND state IN ('queued', 'running')
      ORDER BY key LIMIT ?3`),

    pendingJobsOf: db.prepare<
      PendingRow,
      [run: number, after: number, region: string, limit: number]
    >(`
      SELECT ${PENDING} FROM jobs
      WHERE ${AFTER} AND region = ?3 AND state IN ('queued', 'running')
      ORDER BY key LIMIT ?4`),

    regionsOf: db.prepare<{ value: string }, [run: number]>(
      "SELECT value FROM facets WHERE run = ? AND kind = 'region'",
    ),

    startJob: db.prepare<never, [key: number, run: number, at: number, event: number]>(`
      INSERT INTO job_starts (key, run, attempts, started_at, event)
      SELECT ?1, ?2, 1, ?3, ?4 WHERE ${NOT_ENDED}
      ON CONFLICT (key) DO NOTHING`),

    restartJob: db.prepare<never, [key: number, event: number]>(`
      UPDATE job_starts SET attempts = attempts + 1, event = ?2 WHERE key = ?1 AND ${NOT_ENDED}`),

    endJob: db.prepare<never, JobEndRow>(`
      INSERT INTO job_ends (
        key, run, state, results, error, error_code, error_source, region_mismatch, completed_at,
        duration_ms, event
      )
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`),

    countOpen: db.prepare<OpenRow, [run: number]>(`
      SELECT coalesce(region, '') AS region,
        count(*) FILTER (WHERE state = 'queued') AS queued,
        count(*) FILTER (WHERE state = 'running') AS running,
        sum(json_array_length(runners)) AS runners
      FROM jobs WHERE ${OF_RUN} AND state IN ('queued', 'running')
      GROUP BY region`),

    endOpenJobs: db.prepare<never, OpenJobsEnd>(`
      INSERT INTO job_ends (
        key, run, state, error, error_code, error_source, completed_at, duration_ms, event
      )
      SELECT key, run, ?2, ?3, ?4, ?5, ?6, max(0, ?6 - started_at),
        ?7 + row_number() OVER (ORDER BY key) - 1
      FROM jobs WHERE ${OF_RUN} AND state IN ('queued', 'running')`),

    addToCounters: db.prepare<never, [run: number, at: number, event: number, ...number[]]>(`
      UPDATE runs
      SET queued_jobs = queued_jobs + ?4,
        running_jobs = running_jobs + ?5,
        completed_jobs = completed_jobs + ?6,
        failed_jobs = failed_jobs + ?7,
        timed_out_jobs = timed_out_jobs + ?8,
        cancelled_jobs = cancelled_jobs + ?9,
        passed = passed + ?10,
        failed = failed + ?11,
        errored = errored + ?12,
        expected = expected + ?13,
        unexpected = unexpected + ?14,
        state = CASE state WHEN 'queued' THEN 'running' ELSE state END,
        updated_at = max(updated_at, ?2),
        last_event = max(last_event, ?3)
      WHERE key = ?1`),

    endRun: db.prepare<{ state: EndState }, [Record<string, string | number | null>]>(`
      UPDATE runs
      SET state = CASE WHEN cancelled_at IS NULL THEN $state ELSE 'cancelled' END,
        completed_at = $at, updated_at = max(updated_at, $at), duration_ms = $durationMs,
        last_event = max(last_event, $event), verdict = $verdict, localized = $localized
      WHERE key = $key AND state IN ('queued', 'running')
      RETURNING state`),

    requestCancel: db.prepare<never, [at: number, runId: string]>(`
      UPDATE runs SET cancelled_at = coalesce(cancelled_at, ?1), updated_at = max(updated_at, ?1)
      WHERE run_id = ?2 AND state IN ('queued', 'running')`),

    findRun: db.prepare<RunRow, [runId: string]>("SELECT * FROM runs WHERE run_id = ?"),

    findStatus: db.prepare<StatusRow, [runId: string]>(`
      SELECT run_id, state, total_jobs, queued_jobs, running_jobs, completed_jobs, failed_jobs,
        timed_out_jobs, cancelled_jobs, created_at, updated_at, warnings
      FROM runs WHERE run_id = ?`),

    // Starts and ends of jobs in one order; a row about a start knows nothing of the job's end.
    findTold: db.prepare<JobRow, [run: number, after: number, limit: number]>(`
      WITH told AS (
        SELECT event, key FROM job_starts WHERE run = ?1 AND event > ?2
        UNION ALL
        SELECT event, key FROM job_ends WHERE run = ?1 AND event > ?2
        ORDER BY event LIMIT ?3
      )
      SELECT asked.*, coalesce(ended.state, 'running') AS state,
        coalesce(started.attempts, 0) AS attempts, ended.results, ended.error, ended.error_code,
        ended.error_source, ended.region_mismatch, started.started_at, ended.completed_at,
        ended.duration_ms, started.event AS started_event, ended.event AS ended_event
      FROM told
      CROSS JOIN job_requests AS asked ON asked.key = told.key
      LEFT JOIN job_starts AS started ON started.key = told.key
      LEFT JOIN job_ends AS ended ON ended.key = told.key AND ended.event = told.event
      ORDER BY told.event`),

    findPrunable: db.prepare<{ key: number }, [endedBefore: number, keepRuns: number]>(`
      SELECT key FROM (
        SELECT key FROM runs
        WHERE completed_at < ?1
        ORDER BY completed_at LIMIT 1
      )
      UNION ALL
      SELECT key FROM (
        SELECT key FROM runs
        WHERE key <= (SELECT max(key) FROM runs) - ?2
          AND state NOT IN ('queued', 'running')
        ORDER BY key LIMIT 1
      )
      LIMIT 1`),

    noteIncoming: db.prepare<never, [run: number]>("INSERT INTO incoming_runs (run) VALUES (?)"),
    findIncoming: db.prepare<{ run: number }, []>("SELECT run FROM incoming_runs"),
    forgetIncoming: db.prepare<never, [run: number]>("DELETE FROM incoming_runs WHERE run = ?"),

    pruneRun: db.prepare<never, [key: number]>("DELETE FROM runs WHERE key = ?"),
    notePruned: db.prepare<never, [run: number]>("INSERT INTO pruned_runs (run) VALUES (?)"),
    findPruned: db.prepare<{ run: number }, []>("SELECT run FROM pruned_runs LIMIT 1"),
    forgetPruned: db.prepare<never, [run: number]>("DELETE FROM pruned_runs WHERE run = ?"),
    findPrunableJobs: db.prepare<{ last: number | null }, [run: number, limit: number]>(`
      SELECT max(key) AS last FROM (
        SELECT key FROM job_requests WHERE ${OF_RUN} ORDER BY key LIMIT ?2
      )`),
    pruneRequests: db.prepare<never, [run: number, last: number]>(
      `DELETE FROM job_requests WHERE ${UP_TO}`,
    ),
    pruneStarts: db.prepare<never, [run: number, last: number]>(
      `DELETE FROM job_starts WHERE ${UP_TO}`,
    ),
    pruneEnds: db.prepare<never, [run: number, last: number]>(
      `DELETE FROM job_ends WHERE ${UP_TO}`,
    ),

    findPastKeys: db.prepare<
      { run: number; key: number },
      [url: string, beforeRun: number, beforeJob: number, limit: number]
    >(`
      SELECT run, key FROM job_requests
      WHERE url = ?1 AND (run, key) < (?2, ?3)
      ORDER BY run DESC, key DESC LIMIT ?4`),

    findPast: db.prepare<PastRow, [keys: string, endedBy: number]>(`
      SELECT jobs.key, jobs.run, jobs.url, jobs.region, jobs.state, jobs.runners, jobs.expected,
        jobs.error, jobs.error_code, jobs.error_source, jobs.completed_at, runs.run_id,
        CASE WHEN jobs.results IS NOT NULL THEN (
          SELECT json_group_array(json_remove(value, '$.details', '$.logs'))
          FROM json_each(jobs.results)
        ) END AS results
      FROM jobs JOIN runs ON runs.key = jobs.run
      WHERE jobs.key IN (SELECT value FROM json_each(?1)) AND runs.completed_at <= ?2`),

    findJobs: db.prepare<JobRow, [run: number, after: number, limit: number]>(
      `SELECT * FROM jobs WHERE ${AFTER} ORDER BY key LIMIT ?3`,
    ),
  };
}
