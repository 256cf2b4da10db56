-- No index has the numbers of events, nor anything else that an update of a job changes, and a page
-- has room for the versions of its rows: so an update touches no index at all.
ALTER TABLE jobs SET (fillfactor = 40);
DROP INDEX jobs_by_start;
DROP INDEX jobs_by_end;

-- Which jobs the events of a run are about: event number `event` is about the first of `positions`,
-- the next number about the next. One row for what was written at once. It is right only where the
-- job has the number: a later start took the place of an earlier one. No foreign key: they go after
-- their run, as its jobs do (pruned_runs).
CREATE TABLE event_jobs (
  run bigint NOT NULL,
  event bigint NOT NULL,
  positions integer[] NOT NULL,
  PRIMARY KEY (run, event)
);

INSERT INTO event_jobs
SELECT run, started_event, ARRAY[position] FROM jobs WHERE started_event IS NOT NULL
UNION ALL
SELECT run, ended_event, ARRAY[position] FROM jobs WHERE ended_event IS NOT NULL;
