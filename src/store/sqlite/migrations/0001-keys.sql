-- Never deleted: a store that has had a key asks for one, for good.
CREATE TABLE keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('runs:read', 'runs:write', 'admin')),
  -- SHA-256 of the key's text.
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  -- Times are milliseconds since the epoch, UTC.
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  -- SHA-256 of the session's token.
  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
  -- No foreign key: the key may stand in a file of the server's.
  key_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_end ON sessions (expires_at);
