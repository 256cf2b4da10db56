/**
 * Keys and sessions in the database that replicas share: what one of them, or a command, commits is
 * seen by the next read of each.
 */
import type { SQL } from "bun";

import type { ApiKey, Scope } from "../../domain/key.ts";
import { present } from "../../lib/present.ts";
import type { KeyStore, NewKey, NewSession, StoredKey } from "../keys.ts";
import { Client } from "./client.ts";
import { inspectDatabase } from "./open.ts";
import { storable } from "./rows.ts";

/** Whether the database has ever had a key. Changes nothing. Throws StartError. */
export function databaseHasKeys(url: string): Promise<boolean> {
  return inspectDatabase(url, async (sql) => {
    if (!sql) return false;
    return ((await sql`SELECT 1 FROM keys LIMIT 1`) as unknown[]).length > 0;
  });
}

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly scope: Scope;
  readonly digest: Uint8Array;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly last_used_at: string | null;
}

/** A key is looked at with every request; more connections would not make that faster. */
const MAX_CONNECTIONS = 2;

export class PostgresKeyStore implements KeyStore {
  readonly #client: Client;

  /** `session`: whether connections keep what was prepared on them. */
  constructor(url: string, session: boolean) {
    this.#client = new Client({ url, session, maxConnections: MAX_CONNECTIONS });
  }

  async createKey({ createdAt, digest, expiresAt, id, name, scope }: NewKey): Promise<void> {
    await this.#client.query(
      (sql) => sql`
        INSERT INTO keys (id, name, scope, digest, created_at, expires_at)
        VALUES (${id}, ${storable(name)}, ${scope}, ${bytes(digest)}, ${createdAt}::bigint,
          ${expiresAt ?? null}::bigint)`,
    );
  }

  async findKey(id: string): Promise<StoredKey | undefined> {
    const [row] = await this.#rows((sql) => sql`SELECT * FROM keys WHERE id = ${id}`);
    return row && { ...toKey(row), digest: row.digest };
  }

  async listKeys(): Promise<readonly ApiKey[]> {
    const rows = await this.#rows((sql) => sql`SELECT * FROM keys ORDER BY created_at, id`);
    return rows.map(toKey);
  }

  async revokeKey(id: string, at: number): Promise<ApiKey | undefined> {
    const [row] = await this.#rows(
      (sql) => sql`
        UPDATE keys SET revoked_at = coalesce(revoked_at, ${at}::bigint) WHERE id = ${id}
        RETURNING *`,
    );
    return row && toKey(row);
  }

  async hasKeys(): Promise<boolean> {
    return (await this.#rows((sql) => sql`SELECT * FROM keys LIMIT 1`)).length > 0;
  }

  async noteUses(uses: ReadonlyMap<string, number>): Promise<void> {
    const rows = JSON.stringify(Array.from(uses, ([id, at]) => ({ id, at })));
    await this.#client.query(
      (sql) => sql`
        UPDATE keys SET last_used_at = greatest(keys.last_used_at, used.at)
        FROM json_to_recordset(${rows}::text::json) AS used (id text, at bigint)
        WHERE keys.id = used.id`,
    );
  }

  async createSession({ digest, expiresAt, keyId }: NewSession, now: number): Promise<void> {
    await this.#client.query(
      (sql) => sql`
        WITH forgotten AS (DELETE FROM sessions WHERE expires_at <= ${now}::bigint)
        INSERT INTO sessions (digest, key_id, expires_at)
        VALUES (${bytes(digest)}, ${keyId}, ${expiresAt}::bigint)
        ON CONFLICT DO NOTHING`,
    );
  }

  async findSession(
    digest: Uint8Array,
    now: number,
  ): Promise<Omit<NewSession, "digest"> | undefined> {
    const [row] = (await this.#client.query(
      (sql) => sql`
        SELECT key_id, expires_at FROM sessions
        WHERE digest = ${bytes(digest)} AND expires_at > ${now}::bigint`,
    )) as { key_id: string; expires_at: string }[];
    return row && { keyId: row.key_id, expiresAt: Number(row.expires_at) };
  }

  async deleteSession(digest: Uint8Array): Promise<void> {
    await this.#client.query((sql) => sql`DELETE FROM sessions WHERE digest = ${bytes(digest)}`);
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #rows(send: (sql: SQL) => PromiseLike<unknown>): Promise<KeyRow[]> {
    return this.#client.query(send) as Promise<KeyRow[]>;
  }
}

function bytes(digest: Uint8Array): Buffer {
  return Buffer.from(digest);
}

function toKey(row: KeyRow): ApiKey {
  const { created_at, expires_at, id, last_used_at, name, revoked_at, scope } = row;
  return {
    id,
    name,
    scope,
    createdAt: Number(created_at),
    ...present({
      expiresAt: timeOrNull(expires_at),
      revokedAt: timeOrNull(revoked_at),
      lastUsedAt: timeOrNull(last_used_at),
    }),
  };
}

function timeOrNull(text: string | null): number | null {
  return text === null ? null : Number(text);
}
