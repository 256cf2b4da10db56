-- Processes that serve this database. One that is not renewed in time is deleted by another, and in
-- that moment owns nothing more.
CREATE TABLE replicas (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Who it is, for a person: host and process id.
  name text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  renewed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  lease_until timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE runs (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id text COLLATE "C" NOT NULL UNIQUE,
  idempotency_key text COLLATE "C" UNIQUE,
  request_digest text NOT NULL,
  parent_run_id text,
  mode text NOT NULL CHECK (mode IN ('remote', 'local')),
  -- JSON, as in every column with a list or an object in it: it is read and never looked into.
  tags text NOT NULL,
  concurrency bigint,
  timeout_ms bigint NOT NULL,
  job_timeout_ms bigint,
  retries integer NOT NULL,
  warnings text,
  state text NOT NULL CHECK (
    state IN ('queued', 'running', 'completed', 'failed', 'timed_out', 'cancelled')
  ),
  -- The job counters add up to total_jobs, the result counters to total once the run has ended.
  total_jobs integer NOT NULL,
  queued_jobs integer NOT NULL CHECK (queued_jobs >= 0),
  running_jobs integer NOT NULL DEFAULT 0 CHECK (running_jobs >= 0),
  completed_jobs integer NOT NULL DEFAULT 0,
  failed_jobs integer NOT NULL DEFAULT 0,
  timed_out_jobs integer NOT NULL DEFAULT 0,
  cancelled_jobs integer NOT NULL DEFAULT 0,
  total integer NOT NULL,
  passed integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  errored integer NOT NULL DEFAULT 0,
  -- Of a run whose results are judged, else NULL; these two add up to total as well. JSON: the
  -- policy, the regions below it.
  policy text,
  expected integer,
  unexpected integer,
  verdict text CHECK (verdict IN ('expected', 'unexpected')),
  localized text,
  -- JSON: the paths that a comparison leaves out.
  ignore text,
  -- Times are milliseconds since the epoch, UTC, by the clocks of the replicas; only leases go by
  -- the clock of the database.
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  completed_at bigint,
  duration_ms bigint,
  -- When somebody asked to cancel the run; its end follows.
  cancelled_at bigint,
  -- The newest of the run's events; they are numbered from 1.
  last_event bigint NOT NULL,
  -- Who executes the run; NULL before somebody claims it and after its end.
  owner bigint REFERENCES replicas (id) ON DELETE SET NULL,
  -- Grows with each claim. Whoever writes names the epoch it claimed: older ones change nothing.
  epoch integer NOT NULL DEFAULT 1
) WITH (fillfactor = 50);

CREATE INDEX runs_by_state ON runs (state, key);
CREATE INDEX runs_by_end ON runs (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX runs_by_owner ON runs (owner) WHERE owner IS NOT NULL;
CREATE INDEX runs_without_owner ON runs (key) WHERE owner IS NULL AND completed_at IS NULL;

-- What a list of runs can be narrowed by, beside the urls of its jobs.
CREATE TABLE facets (
  kind text NOT NULL CHECK (kind IN ('tag', 'region')),
  value text COLLATE "C" NOT NULL,
  run bigint NOT NULL,
  PRIMARY KEY (kind, value, run)
);

CREATE INDEX facets_by_run ON facets (run);

CREATE TABLE jobs (
  -- No foreign key: jobs go after their run (pruned_runs).
  run bigint NOT NULL,
  -- Index in fan-out order, from 0.
  position integer NOT NULL,
  job_id text NOT NULL,
  url text NOT NULL,
  region text,
  -- JSON: [{"name", "input"?}]
  runners text NOT NULL,
  -- JSON: one status per runner, of a run whose results are judged.
  expected text,
  state text NOT NULL DEFAULT 'queued',
  attempts integer NOT NULL DEFAULT 0,
  -- JSON: one result per runner. NULL in an ended job: nothing was answered, each is an error.
  results text,
  error text,
  error_code text,
  error_source text,
  -- JSON: why the results may be those of another region; NULL if they are not.
  region_mismatch text,
  started_at bigint,
  completed_at bigint,
  duration_ms bigint,
  -- Numbers of the events that told the last start and the end of the job.
  started_event bigint,
  ended_event bigint,
  PRIMARY KEY (run, position)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- By a hash: a url may be longer than an index takes.
CREATE INDEX jobs_by_url ON jobs (hashtextextended(url, 0), run, position);
CREATE INDEX jobs_by_start ON jobs (run, started_event) WHERE started_event IS NOT NULL;
CREATE INDEX jobs_by_end ON jobs (run, ended_event) WHERE ended_event IS NOT NULL;

-- Runs that were deleted and whose jobs are still to be.
CREATE TABLE pruned_runs (run bigint PRIMARY KEY);
