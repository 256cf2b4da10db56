-- Never deleted: a store that has had a key asks for one, for good.
CREATE TABLE keys (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  scope text NOT NULL CHECK (scope IN ('runs:read', 'runs:write', 'admin')),
  -- SHA-256 of the key's text.
  digest bytea NOT NULL CHECK (length(digest) = 32),
  -- Times are milliseconds since the epoch, UTC.
  created_at bigint NOT NULL,
  expires_at bigint,
  revoked_at bigint,
  last_used_at bigint
);

CREATE TABLE sessions (
  -- SHA-256 of the session's token.
  digest bytea PRIMARY KEY CHECK (length(digest) = 32),
  -- No foreign key: the key may stand in a file of the server's.
  key_id text NOT NULL,
  expires_at bigint NOT NULL
);

CREATE INDEX sessions_by_end ON sessions (expires_at);
