ALTER TABLE jobs RENAME TO jobs_in_one_row;

-- A job is one row here for good, one more once it was dispatched and one more once it has ended:
-- rows that are only ever added fill their pages in order, where rows that grow would split them.
CREATE TABLE job_requests (
  -- run * 1048576 + position: the jobs of a run lie together, in fan-out order.
  key INTEGER PRIMARY KEY,
  -- No foreign key: jobs may come before their run (incoming_runs) and go after it (pruned_runs).
  run INTEGER NOT NULL,
  -- Index in fan-out order, from 0.
  position INTEGER NOT NULL,
  job_id TEXT NOT NULL,
  url TEXT NOT NULL,
  region TEXT,
  -- JSON: [{"name", "input"?}]
  runners TEXT NOT NULL,
  -- JSON: one status per runner, of a run whose results are judged.
  expected TEXT
) STRICT;

CREATE TABLE job_starts (
  key INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  -- Of the first start.
  started_at INTEGER NOT NULL,
  -- Number of the event that told the last start.
  event INTEGER NOT NULL
) STRICT;

CREATE TABLE job_ends (
  key INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  -- An end state, as in runs. Not checked again: it would cost a third of the row's insert.
  state TEXT NOT NULL,
  -- JSON: one result per runner. NULL: nothing was answered, each is an error.
  results TEXT,
  error TEXT,
  error_code TEXT,
  error_source TEXT,
  -- JSON: why the results may be those of another region; NULL if they are not.
  region_mismatch TEXT,
  completed_at INTEGER NOT NULL,
  -- NULL: it was never dispatched.
  duration_ms INTEGER,
  event INTEGER NOT NULL
) STRICT;

INSERT INTO job_requests
SELECT run * 1048576 + position, run, position, job_id, url, region, runners, expected
FROM jobs_in_one_row ORDER BY run, position;

INSERT INTO job_starts
SELECT run * 1048576 + position, run, attempts, started_at, started_event
FROM jobs_in_one_row WHERE started_at IS NOT NULL ORDER BY run, position;

INSERT INTO job_ends
SELECT run * 1048576 + position, run, state, results, error, error_code, error_source,
  region_mismatch, completed_at, duration_ms, ended_event
FROM jobs_in_one_row WHERE state NOT IN ('queued', 'running') ORDER BY run, position;

DROP TABLE jobs_in_one_row;

CREATE VIEW jobs AS
SELECT asked.key, asked.run, asked.position, asked.job_id, asked.url, asked.region, asked.runners,
  asked.expected,
  coalesce(ended.state, iif(started.key IS NULL, 'queued', 'running')) AS state,
  coalesce(started.attempts, 0) AS attempts, ended.results, ended.error, ended.error_code,
  ended.error_source, ended.region_mismatch, started.started_at, ended.completed_at,
  ended.duration_ms, started.event AS started_event, ended.event AS ended_event
FROM job_requests AS asked
LEFT JOIN job_starts AS started ON started.key = asked.key
LEFT JOIN job_ends AS ended ON ended.key = asked.key;

CREATE INDEX job_requests_by_url ON job_requests (url, run);
CREATE INDEX job_starts_by_event ON job_starts (run, event);
CREATE INDEX job_ends_by_event ON job_ends (run, event);
