-- Whom a run tells of its end.
CREATE TABLE callbacks (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run bigint NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
  callback_id text COLLATE "C" NOT NULL UNIQUE,
  -- NULL: the URL of the configuration, which may hold a secret and is not kept.
  url text,
  -- Host and port of the URL.
  receiver text NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (
    state IN ('waiting', 'pending', 'delivered', 'failed', 'refused', 'skipped')
  ),
  attempts integer NOT NULL DEFAULT 0,
  due_since bigint,
  next_at bigint,
  last_at bigint,
  last_status integer,
  last_error text
);

CREATE INDEX callbacks_by_run ON callbacks (run);
CREATE INDEX callbacks_by_time ON callbacks (next_at) WHERE state = 'pending';

CREATE FUNCTION callbacks_become_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE callbacks
  SET state = 'pending', due_since = NEW.completed_at, next_at = NEW.completed_at
  WHERE run = NEW.key AND state = 'waiting';
  RETURN NULL;
END $$;

CREATE TRIGGER callbacks_become_due AFTER UPDATE OF completed_at ON runs
FOR EACH ROW WHEN (OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL)
EXECUTE FUNCTION callbacks_become_due();
