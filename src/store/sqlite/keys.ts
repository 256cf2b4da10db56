/**
 * Keys and sessions in the database of the run store, over a connection of their own: what another
 * process commits is seen by the next read.
 */
import type { Database } from "bun:sqlite";
import { existsSync } from "node:fs";

import { AppError, StartError } from "../../domain/errors.ts";
import type { ApiKey, Scope } from "../../domain/key.ts";
import { present } from "../../lib/present.ts";
import type { KeyStore, NewKey, NewSession, StoredKey } from "../keys.ts";
import { storeError } from "./group-commit.ts";
import { preparedLater } from "./prepared-later.ts";
import { openToLook } from "./read-only.ts";

/** Whether the database at `path` has ever had a key. Leaves no trace. Throws StartError. */
export function databaseHasKeys(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    using db = openToLook(path);
    return db.query("SELECT 1 FROM keys LIMIT 1").get() !== null;
  } catch (error) {
    const message = `The database ${path} cannot be read: ${(error as Error).message}.`;
    throw new StartError([message], { cause: error });
  }
}

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly scope: Scope;
  readonly digest: Uint8Array;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
}

export class SqliteKeyStore implements KeyStore {
  readonly #db: Database;
  readonly #sql: ReturnType<typeof prepareStatements>;
  #closed = false;

  /** `db`: a database of the run store, not shared with anybody; closed with this store. */
  constructor(db: Database) {
    this.#db = db;
    this.#sql = prepareStatements(db);
  }

  createKey({ expiresAt, ...key }: NewKey): Promise<void> {
    return this.#settle(() => {
      this.#sql.insertKey.run({ ...key, expiresAt: expiresAt ?? null });
    });
  }

  findKey(id: string): Promise<StoredKey | undefined> {
    return this.#settle(() => {
      const row = this.#sql.findKey.get(id);
      return row ? { ...toKey(row), digest: row.digest } : undefined;
    });
  }

  listKeys(): Promise<readonly ApiKey[]> {
    return this.#settle(() => this.#sql.listKeys.all().map(toKey));
  }

  revokeKey(id: string, at: number): Promise<ApiKey | undefined> {
    return this.#settle(() => {
      const row = this.#sql.revokeKey.get({ id, at });
      return row ? toKey(row) : undefined;
    });
  }

  hasKeys(): Promise<boolean> {
    return this.#settle(() => this.#sql.anyKey.get() !== null);
  }

  noteUses(uses: ReadonlyMap<string, number>): Promise<void> {
    return this.#settle(() => {
      this.#db
        .transaction(() => {
          for (const [id, at] of uses) this.#sql.noteUse.run({ id, at });
        })
        .immediate();
    });
  }

  createSession({ digest, expiresAt, keyId }: NewSession, now: number): Promise<void> {
    return this.#settle(() => {
      this.#db
        .transaction(() => {
          this.#sql.forgetSessions.run(now);
          this.#sql.insertSession.run({ digest, keyId, expiresAt });
        })
        .immediate();
    });
  }

  findSession(digest: Uint8Array, now: number): Promise<Omit<NewSession, "digest"> | undefined> {
    return this.#settle(() => {
      const row = this.#sql.findSession.get({ digest, now });
      return row ? { keyId: row.key_id, expiresAt: row.expires_at } : undefined;
    });
  }

  deleteSession(digest: Uint8Array): Promise<void> {
    return this.#settle(() => void this.#sql.deleteSession.run(digest));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#db.close();
  }

  /** What the database refused rejects, as the contract has it. */
  async #settle<Value>(use: () => Value): Promise<Value> {
    if (this.#closed) throw new AppError("store_unavailable", "The run store is closed.");
    try {
      return use();
    } catch (error) {
      throw storeError(error);
    }
  }
}

function toKey(row: KeyRow): ApiKey {
  const { created_at, expires_at, id, last_used_at, name, revoked_at, scope } = row;
  return {
    id,
    name,
    scope,
    createdAt: created_at,
    ...present({ expiresAt: expires_at, revokedAt: revoked_at, lastUsedAt: last_used_at }),
  };
}

function prepareStatements(database: Database) {
  const db = preparedLater(database);
  return {
    insertKey: db.prepare<never, [Record<keyof NewKey, string | number | Uint8Array | null>]>(
      `INSERT INTO keys (id, name, scope, digest, created_at, expires_at)
       VALUES ($id, $name, $scope, $digest, $createdAt, $expiresAt)`,
    ),
    findKey: db.prepare<KeyRow, [string]>("SELECT * FROM keys WHERE id = ?"),
    listKeys: db.prepare<KeyRow, []>("SELECT * FROM keys ORDER BY created_at, id"),
    anyKey: db.prepare<object, []>("SELECT 1 FROM keys LIMIT 1"),
    revokeKey: db.prepare<KeyRow, [{ id: string; at: number }]>(
      "UPDATE keys SET revoked_at = coalesce(revoked_at, $at) WHERE id = $id RETURNING *",
    ),
    noteUse: db.prepare<never, [{ id: string; at: number }]>(
      "UPDATE keys SET last_used_at = max(coalesce(last_used_at, 0), $at) WHERE id = $id",
    ),
    insertSession: db.prepare<never, [{ digest: Uint8Array; keyId: string; expiresAt: number }]>(
      "INSERT INTO sessions (digest, key_id, expires_at) VALUES ($digest, $keyId, $expiresAt)",
    ),
    findSession: db.prepare<
      { key_id: string; expires_at: number },
      [{ digest: Uint8Array; now: number }]
    >("SELECT key_id, expires_at FROM sessions WHERE digest = $digest AND expires_at > $now"),
    forgetSessions: db.prepare<never, [number]>("DELETE FROM sessions WHERE expires_at <= ?"),
    deleteSession: db.prepare<never, [Uint8Array]>("DELETE FROM sessions WHERE digest = ?"),
  };
}
