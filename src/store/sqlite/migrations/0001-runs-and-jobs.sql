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

CREATE TABLE jobs (
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
  expected TEXT,
  -- As in runs. Not checked again: it would double the cost of each of a job's writes.
  state TEXT NOT NULL DEFAULT 'queued',
  attempts INTEGER NOT NULL DEFAULT 0,
  -- JSON: one result per runner. NULL in an ended job: nothing was answered, each is an error.
  results TEXT,
  error TEXT,
  error_code TEXT,
  error_source TEXT,
  -- JSON: why the results may be those of another region; NULL if they are not.
  region_mismatch TEXT,
  started_at INTEGER,
  completed_at INTEGER,
  duration_ms INTEGER,
  -- Numbers of the events that told the last start and the end of the job.
  started_event INTEGER,
  ended_event INTEGER,
  UNIQUE (run, position)
) STRICT;

-- Keys of runs that are being submitted: their jobs come in slices, they themselves come last.
CREATE TABLE incoming_runs (run INTEGER PRIMARY KEY) STRICT;

-- Runs that were deleted and whose jobs are still to be.
CREATE TABLE pruned_runs (run INTEGER PRIMARY KEY) STRICT;

CREATE INDEX jobs_by_url ON jobs (url, run);
CREATE INDEX jobs_by_start ON jobs (run, started_event) WHERE started_event IS NOT NULL;
CREATE INDEX jobs_by_end ON jobs (run, ended_event) WHERE ended_event IS NOT NULL;
