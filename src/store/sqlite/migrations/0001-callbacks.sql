-- Whom a run tells of its end.
CREATE TABLE callbacks (
  key INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
  callback_id TEXT NOT NULL UNIQUE,
  -- NULL: the URL of the configuration, which may hold a secret and is not kept.
  url TEXT,
  -- Host and port of the URL.
  receiver TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (
    state IN ('waiting', 'pending', 'delivered', 'failed', 'refused', 'skipped')
  ),
  attempts INTEGER NOT NULL DEFAULT 0,
  due_since INTEGER,
  next_at INTEGER,
  last_at INTEGER,
  last_status INTEGER,
  last_error TEXT
) STRICT;

CREATE INDEX callbacks_by_run ON callbacks (run);
CREATE INDEX callbacks_by_time ON callbacks (next_at) WHERE state = 'pending';

CREATE TRIGGER callbacks_become_due AFTER UPDATE OF completed_at ON runs
WHEN OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL
BEGIN
  UPDATE callbacks
  SET state = 'pending', due_since = NEW.completed_at, next_at = NEW.completed_at
  WHERE run = NEW.key AND state = 'waiting';
END;
