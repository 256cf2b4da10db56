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
  job_timeout_ms INTEGER,
  retries INTEGER NOT NULL,
  -- JSON: what was warned of when the run was accepted; NULL if nothing was.
  warnings TEXT,
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
  -- Of a run whose results are judged, else NULL; these two add up to total as well. JSON: the
  -- policy, the regions below it.
  policy TEXT,
  expected INTEGER,
  unexpected INTEGER,
  verdict TEXT CHECK (verdict IN ('expected', 'unexpected')),
  localized TEXT,
  -- JSON: the paths that a comparison leaves out.
  ignore TEXT,
  -- Times are milliseconds since the epoch, UTC.
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  completed_at INTEGER,
  duration_ms INTEGER,
  -- When somebody asked to cancel the run; its end follows.
  cancelled_at INTEGER,
  -- The newest of the run's events; they are numbered from 1.
  last_event INTEGER NOT NULL
) STRICT;

CREATE INDEX runs_by_state ON runs (state, key);
CREATE INDEX runs_by_end ON runs (completed_at) WHERE completed_at IS NOT NULL;

-- What a list of runs can be narrowed by, beside the urls of its jobs.
CREATE TABLE facets (
  kind TEXT NOT NULL CHECK (kind IN ('tag', 'region')),
  value TEXT NOT NULL,
  run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
  PRIMARY KEY (kind, value, run)
) STRICT, WITHOUT ROWID;

CREATE INDEX facets_by_run ON facets (run);

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

-- Keys of runs that are being submitted: their jobs come in slices, they themselves come last.
CREATE TABLE incoming_runs (run INTEGER PRIMARY KEY) STRICT;

-- Runs that were deleted and whose jobs are still to be.
CREATE TABLE pruned_runs (run INTEGER PRIMARY KEY) STRICT;

CREATE INDEX job_requests_by_url ON job_requests (url, run);
CREATE INDEX job_starts_by_event ON job_starts (run, event);
CREATE INDEX job_ends_by_event ON job_ends (run, event);
