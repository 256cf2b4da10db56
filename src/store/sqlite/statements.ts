/**
 * Every SQL statement of the embedded store, prepared once.
 *
 * Guards stand in the WHERE clauses: an ended job or run is never changed, whoever asks.
 */
import type { Database } from "bun:sqlite";

import type { JobRow, RunRow } from "./rows.ts";

export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(db: Database) {
  return {
    findSubmitted: db.prepare<
      { run_id: string; request_digest: string },
      [runId: string, idempotencyKey: string | null]
    >("SELECT run_id, request_digest FROM runs WHERE run_id = ?1 OR idempotency_key = ?2"),

    insertRun: db.prepare<RunRow, [Record<string, string | number | null>]>(`
      INSERT INTO runs (
        run_id, idempotency_key, request_digest, mode, tags, concurrency, timeout_ms, state,
        total_jobs, queued_jobs, total, created_at, updated_at
      ) VALUES (
        $runId, $idempotencyKey, $requestDigest, $mode, $tags, $concurrency, $timeoutMs, 'queued',
        $totalJobs, $totalJobs, $total, $createdAt, $createdAt
      ) RETURNING *`),

    insertJob: db.prepare<
      never,
      [
        run: number,
        position: number,
        jobId: string,
        url: string,
        region: string | null,
        runners: string,
      ]
    >("INSERT INTO jobs (run, position, job_id, url, region, runners) VALUES (?, ?, ?, ?, ?, ?)"),

    unfinishedRuns: db.prepare<RunRow, []>(
      "SELECT * FROM runs WHERE state IN ('queued', 'running') ORDER BY key",
    ),

    pendingJobs: db.prepare<JobRow, [run: number, after: number, limit: number]>(`
      SELECT * FROM jobs
      WHERE run = ? AND position > ? AND state IN ('queued', 'running')
      ORDER BY position LIMIT ?`),

    startJob: db.prepare<never, [at: number, key: number]>(`
      UPDATE jobs SET state = 'running', attempts = attempts + 1, started_at = ?1
      WHERE key = ?2 AND state = 'queued'`),

    restartJob: db.prepare<never, [key: number]>(
      "UPDATE jobs SET attempts = attempts + 1 WHERE key = ? AND state = 'running'",
    ),

    endJob: db.prepare<never, [Record<string, string | number | null>]>(`
      UPDATE jobs
      SET state = $state, results = $results, error = $error, error_code = $errorCode,
        error_source = $errorSource, completed_at = $at, duration_ms = $durationMs
      WHERE key = $key AND state = 'running'`),

    countOpen: db.prepare<{ queued: number; running: number; runners: number }, [run: number]>(`
      SELECT count(*) FILTER (WHERE state = 'queued') AS queued,
        count(*) FILTER (WHERE state = 'running') AS running,
        coalesce(sum(json_array_length(runners)), 0) AS runners
      FROM jobs WHERE run = ? AND state IN ('queued', 'running')`),

    endOpenJobs: db.prepare<never, [Record<string, string | number | null>]>(`
      UPDATE jobs
      SET state = $state, error = $error, error_code = $errorCode, error_source = $errorSource,
        completed_at = $at, duration_ms = max(0, $at - started_at)
      WHERE run = $run AND state IN ('queued', 'running')`),

    addToCounters: db.prepare<never, [Record<string, number>]>(`
      UPDATE runs
      SET queued_jobs = queued_jobs + $queued_jobs,
        running_jobs = running_jobs + $running_jobs,
        completed_jobs = completed_jobs + $completed_jobs,
        failed_jobs = failed_jobs + $failed_jobs,
        timed_out_jobs = timed_out_jobs + $timed_out_jobs,
        cancelled_jobs = cancelled_jobs + $cancelled_jobs,
        passed = passed + $passed,
        failed = failed + $failed,
        errored = errored + $errored,
        state = CASE state WHEN 'queued' THEN 'running' ELSE state END,
        updated_at = max(updated_at, $at)
      WHERE key = $key`),

    endRun: db.prepare<never, [state: string, at: number, durationMs: number, key: number]>(`
      UPDATE runs
      SET state = ?1, completed_at = ?2, updated_at = max(updated_at, ?2), duration_ms = ?3
      WHERE key = ?4 AND state IN ('queued', 'running')`),

    findRun: db.prepare<RunRow, [runId: string]>("SELECT * FROM runs WHERE run_id = ?"),

    findJobs: db.prepare<JobRow, [run: number, after: number, limit: number]>(
      "SELECT * FROM jobs WHERE run = ? AND position > ? ORDER BY position LIMIT ?",
    ),
  };
}
