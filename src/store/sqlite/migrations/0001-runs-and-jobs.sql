CREATE TABLE runs (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL UNIQUE,
  idempotency_key TEXT UNIQUE,
  request_digest TEXT NOT NULL,
  parent_run_id TEXT,
  mode TEXT NOT NULL CHECK (mode IN ('remote', 'local')),
  tags TEXT NOT NULL,
  concurrency INTEGER,
  timeout_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (
    state IN ('queued', 'running', 'completed', 'failed', 'timed_out', 'cancelled')
  ),
  -- The job counters add up to total_jobs, the result counters to total once the run has ended.
  total_jobs INTEGER NOT NULL,
  queued_jobs INTEGER NOT NULL CHECK (queued_jobs >= 0),
  running_jobs INTEGER NOT NULL DEFAULT 0 CHECK (running_jobs >= 0),
  completed_jobs INTEGER NOT NULL DEFAULT 0,
  failed_jobs INTEGER NOT NULL DEFAULT 0,
  timed_out_jobs INTEGER NOT NULL DEFAULT 0,
  cancelled_jobs INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL,
  passed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  errored INTEGER NOT NULL DEFAULT 0,
  -- Times are milliseconds since the epoch, UTC.
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  completed_at INTEGER,
  duration_ms INTEGER
) STRICT;

CREATE INDEX runs_unfinished ON runs (key) WHERE state IN ('queued', 'running');

CREATE TABLE jobs (
  key INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
  -- Index in fan-out order, from 0.
  position INTEGER NOT NULL,
  job_id TEXT NOT NULL,
  url TEXT NOT NULL,
  region TEXT,
  -- JSON: [{"name", "input"?}]
  runners TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (
    state IN ('queued', 'running', 'completed', 'failed', 'timed_out', 'cancelled')
  ),
  attempts INTEGER NOT NULL DEFAULT 0,
  -- JSON: one result per runner. NULL in an ended job: nothing was answered, each is an error.
  results TEXT,
  error TEXT,
  error_code TEXT,
  error_source TEXT,
  started_at INTEGER,
  completed_at INTEGER,
  duration_ms INTEGER,
  UNIQUE (run, position)
) STRICT;
