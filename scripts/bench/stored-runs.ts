/**
 * A store full of ended runs, made by SQL: volley creates the file and its schema, and finds it
 * filled when it starts again. Each run has one job, a tag and a region; 1 in 50 has failed.
 */
import { Database } from "bun:sqlite";
import { join } from "node:path";

import { startVolley } from "./volley.ts";

/** Fills the store in `folder` with so many runs of the last hour. */
export async function storeRuns(binary: string, folder: string, count: number): Promise<void> {
  const volley = await startVolley({ binary, data: folder });
  await volley.stop("SIGTERM");
  using db = new Database(join(folder, "volley.sqlite"), { strict: true });
  db.run("PRAGMA synchronous = OFF");
  db.run("PRAGMA cache_size = -262144");
  db.transaction(() => {
    db.run(`CREATE TEMP TABLE numbers AS
      WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < ${count})
      SELECT n, n % 50 = 0 AS bad, n * 3600000 / ${count} AS later FROM count`);
    const began = Date.now() - 3_600_000;
    db.run(`
      INSERT INTO runs (
        key, run_id, request_digest, mode, tags, timeout_ms, retries, state, total_jobs,
        queued_jobs, completed_jobs, failed_jobs, total, passed, errored, created_at, updated_at,
        completed_at, duration_ms, last_event
      )
      SELECT n, printf('run_%032d', n), hex(n), 'remote',
        iif(n % 100 = 0, '["nightly"]', '["hourly"]'), 3600000, 0,
        iif(bad, 'failed', 'completed'), 1, 0, not bad, bad, 1, not bad, bad, ${began} + later,
        ${began} + later, ${began} + later, 0, 4
      FROM numbers`);
    db.run(`
      INSERT INTO job_requests (key, run, position, job_id, url, region, runners)
      SELECT n * 1048576, n, 0, printf('job_%032d', n), 'http://site.example/' || (n % 1000), 'eu',
        '[{"name":"t"}]'
      FROM numbers`);
    db.run(`
      INSERT INTO job_starts (key, run, attempts, started_at, event)
      SELECT n * 1048576, n, 1, ${began} + later, 2 FROM numbers`);
    db.run(`
      INSERT INTO job_ends (key, run, state, results, error, completed_at, duration_ms, event)
      SELECT n * 1048576, n, iif(bad, 'failed', 'completed'),
        iif(bad, NULL, '[{"name":"t","status":"pass"}]'), iif(bad, 'It failed.', NULL),
        ${began} + later, 0, 3
      FROM numbers`);
    db.run(`INSERT INTO facets (kind, value, run) SELECT 'region', 'eu', n FROM numbers`);
    db.run(`INSERT INTO facets (kind, value, run)
      SELECT 'tag', iif(n % 100 = 0, 'nightly', 'hourly'), n FROM numbers`);
  })();
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
}
