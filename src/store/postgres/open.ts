/**
 * Opens a PostgreSQL database for the store: reached, new enough, writable, and with our schema,
 * or refused in one sentence that holds no credential.
 *
 * Replicas that start together migrate one after the other, under an advisory lock that ends with
 * its transaction, so that it holds behind a pooler, too.
 */
import type { SQL } from "bun";

import { StartError } from "../../domain/errors.ts";
import { answered, SESSION } from "./client.ts";
import { isTlsFault, NoAnswer, sqlState } from "./errors.ts";
import callbacks from "./migrations/0001-callbacks.sql" with { type: "text" };
import keys from "./migrations/0001-keys.sql" with { type: "text" };
import initial from "./migrations/0001-runs-and-jobs.sql" with { type: "text" };
import jobsOfEvents from "./migrations/0002-jobs-of-events.sql" with { type: "text" };

/** In order; `volley_schema.version` is how many of these a database has seen. */
const MIGRATIONS: readonly string[] = [`${initial}\n${callbacks}\n${keys}`, jobsOfEvents];

const OLDEST = 14;
const CONNECT_TIMEOUT_S = 10;
/** For all of it, in milliseconds: others may migrate first. */
const START_TIMEOUT_MS = 30_000;
/** "vly1" in ASCII, as in the header of an SQLite file of ours. */
const LOCK = 0x766c7931;
/** Tables of ours whose names others may have chosen, too. */
const COMMON_NAMES = ["runs", "jobs", "keys", "sessions", "callbacks"];

export interface DatabaseWay {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Whether its connections take settings, as those of a pooler may not. */
  readonly session: boolean;
  /** How long it may take to become ready, in milliseconds. */
  readonly withinMs?: number;
}

/** Where a database is, without credentials. */
export function databasePlace(url: string): string {
  const { host, pathname, searchParams } = new URL(url);
  const socket = searchParams.get("path") ?? searchParams.get("host");
  return `${socket ?? decodeURIComponent(host === "" ? "localhost" : host)}${pathname}`;
}

/** Makes the schema what this binary needs. Throws StartError when the database must not be used. */
export async function prepareDatabase({ session, url, withinMs }: DatabaseWay): Promise<void> {
  await connected(
    url,
    async (sql) => {
      await refuseUnfit(sql);
      if (session) await refuseWithoutSettings(url);
      await sql.begin(migrate);
    },
    withinMs,
  );
}

async function migrate(tx: SQL): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(${LOCK})`;
  const version = await schemaVersion(tx);
  refuseNewer(version);
  if (version === MIGRATIONS.length) return;
  await refuseForeign(tx, version);
  for (const text of MIGRATIONS.slice(version)) await tx.unsafe(text).simple();
  await tx.unsafe("CREATE TABLE IF NOT EXISTS volley_schema (version integer NOT NULL)").simple();
  await tx.unsafe("DELETE FROM volley_schema").simple();
  await tx`INSERT INTO volley_schema (version) VALUES (${MIGRATIONS.length})`;
}

/**
 * Looks at a database through a connection of its own. Throws StartError when it cannot be used;
 * `look` sees undefined if it has no schema of ours yet.
 */
export async function inspectDatabase<Seen>(
  url: string,
  look: (sql: SQL | undefined) => Promise<Seen>,
): Promise<Seen> {
  return connected(url, async (sql) => {
    await refuseUnfit(sql);
    const version = await schemaVersion(sql);
    refuseNewer(version);
    return look(version === MIGRATIONS.length ? sql : undefined);
  });
}

async function connected<Answer>(
  url: string,
  use: (sql: SQL) => Promise<Answer>,
  withinMs: number = START_TIMEOUT_MS,
): Promise<Answer> {
  let sql: SQL | undefined;
  try {
    sql = new Bun.SQL(url, { max: 1, prepare: false, connectionTimeout: CONNECT_TIMEOUT_S });
    return await answered(use(sql), withinMs);
  } catch (error) {
    const fault = sql ? reason(error) : "cannot be reached by this URL";
    throw new StartError([`The database ${databasePlace(url)} ${fault}.`], { cause: error });
  } finally {
    await sql?.close({ timeout: 1 });
  }
}

/** A database that answers and must not be used. */
class Unfit extends Error {}

async function refuseUnfit(sql: SQL): Promise<void> {
  const [server] = (await sql`
    SELECT current_setting('server_version_num')::int AS number,
      current_setting('server_version') AS version,
      pg_is_in_recovery() AS standby,
      current_setting('transaction_read_only') AS read_only,
      current_setting('server_encoding') AS encoding`) as {
    number: number;
    version: string;
    standby: boolean;
    read_only: string;
    encoding: string;
  }[];
  if (!server || server.number < OLDEST * 10_000) {
    throw new Unfit(`is PostgreSQL ${server?.version}; ${OLDEST} or newer is needed`);
  }
  if (server.standby) throw new Unfit("is a read-only standby; name its primary");
  if (server.read_only === "on") {
    throw new Unfit("is read-only (default_transaction_read_only is on)");
  }
  if (server.encoding !== "UTF8") {
    throw new Unfit(`has the encoding ${server.encoding}; UTF8 is needed`);
  }
}

/** A pooler may hand out connections of which every setting, and every statement, is another's. */
async function refuseWithoutSettings(url: string): Promise<void> {
  await using sql = new Bun.SQL(url, {
    max: 1,
    connectionTimeout: CONNECT_TIMEOUT_S,
    connection: SESSION,
  });
  try {
    await sql`SELECT 1`;
  } catch (error) {
    const state = sqlState(error);
    if (state === undefined || REASONS.has(state)) throw error;
    throw new Unfit("refuses settings of sessions; behind a pooler use --database-prepare off");
  }
}

async function schemaVersion(sql: SQL): Promise<number> {
  const [found] = (await sql`SELECT to_regclass('volley_schema') IS NOT NULL AS ours`) as {
    ours: boolean;
  }[];
  if (!found?.ours) return 0;
  const [row] = (await sql`SELECT version FROM volley_schema`) as { version: number }[];
  return row?.version ?? 0;
}

function refuseNewer(version: number): void {
  if (version <= MIGRATIONS.length) return;
  throw new Unfit(
    `was written by a newer volley (schema ${version}; this one knows ${MIGRATIONS.length})`,
  );
}

async function refuseForeign(sql: SQL, version: number): Promise<void> {
  if (version > 0) return;
  const [found] = (await sql`
    SELECT name FROM unnest(${`{${COMMON_NAMES.join(",")}}`}::text::text[]) AS name
    WHERE to_regclass(name) IS NOT NULL LIMIT 1`) as { name: string }[];
  if (found) throw new Unfit(`has a table "${found.name}" that is not volley's`);
}

/** Ends the sentence "The database … ". The driver's own words could show more than they should. */
function reason(error: unknown): string {
  if (error instanceof Unfit) return error.message;
  if (error instanceof NoAnswer) return "does not answer";
  const state = sqlState(error);
  if (state !== undefined) return REASONS.get(state) ?? `refused to be used (SQLSTATE ${state})`;
  const code = String((error as { code?: unknown }).code ?? "");
  if (isTlsFault(code)) return `has no acceptable TLS (${code})`;
  return `cannot be reached${code === "" ? "" : ` (${code})`}`;
}

const REASONS = new Map([
  ["28P01", "refused the user name or the password"],
  ["28000", "refused the user"],
  ["3D000", "does not exist"],
  ["3F000", "has no schema of its search_path"],
  ["42704", "does not know a parameter of the URL"],
  ["25006", "is read-only"],
  ["42501", "does not let the user create or read tables"],
  ["53300", "has no connection left"],
  ["55000", "takes no connections"],
  ["57P03", "is starting up or shutting down"],
]);
