/**
 * volley key: who may use a server. Works on the run store itself, beside a server that is running
 * on it, which sees every change with its next request.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { StartError } from "../domain/errors.ts";
import { type ApiKey, issueKey, isUsable, keyAsJson } from "../domain/key.ts";
import { withoutControls } from "../lib/log.ts";
import { present } from "../lib/present.ts";
import { keyFlags } from "../settings.ts";
import type { KeyStore } from "../store/keys.ts";
import { databaseHasKeys, PostgresKeyStore } from "../store/postgres/keys.ts";
import { prepareDatabase } from "../store/postgres/open.ts";
import { SqliteKeyStore } from "../store/sqlite/keys.ts";
import { makeDataFolder } from "../store/sqlite/open-folder.ts";
import { DATABASE_FILE, openBeside, openDatabase } from "../store/sqlite/open.ts";
import type { Command } from "./command.ts";
import { type KeyConfig, keyConfig, type KeyPlace } from "./key-config.ts";

export const command: Command = {
  name: "key",
  summary: "create, list and revoke API keys, also while the server runs",
  usage: "key create --name NAME [flags] | key ls [--json] | key revoke ID | key generate",
  about: [
    "create prints a new key on stdout, once: only a digest of it is kept. ls lists all keys without",
    "their secrets. revoke ends a key and its sessions with the server's next request. generate",
    "prints a key that is kept nowhere, for --admin-key-file. Scopes: runs:read reads, runs:write",
    "also submits, cancels and reruns, admin allows everything. A server on a data folder that has",
    "ever had a key asks for one, for good.",
  ].join("\n"),
  flags: { ...keyFlags.create, ...keyFlags.list },
  examples: [
    "volley key create --name ci --scope runs:write --expires 90d",
    "volley key ls --data /var/lib/volley",
    "volley key revoke 1f0c2d3e4b5a6978",
    "volley key generate > admin.key",
  ],
  run,
};

async function run(argv: readonly string[]): Promise<number> {
  const config = keyConfig(argv);
  switch (config.action) {
    case "create":
      return create(config);
    case "ls":
      return list(config);
    case "revoke":
      return revoke(config);
    case "generate":
      process.stdout.write(`${issueKey().text}\n`);
      return 0;
  }
}

async function create(config: KeyConfig & { action: "create" }): Promise<number> {
  const { expires, name, scope } = config;
  const { digest, id, text } = issueKey();
  const createdAt = Date.now();
  const expiresAt = expires === undefined ? undefined : createdAt + expires;
  await using keys = await openKeys(config, true);
  await keys.store.createKey({ id, name, scope, digest, createdAt, ...present({ expiresAt }) });
  process.stdout.write(`${text}\n`);
  const end = expiresAt === undefined ? "" : `, until ${iso(expiresAt)}`;
  process.stderr.write(
    `Created key ${id} ("${name}") with scope ${scope}${end}. It is shown this once.\n`,
  );
  return 0;
}

async function list({ json, ...place }: KeyConfig & { action: "ls" }): Promise<number> {
  await using keys = await openKeys(place);
  const found = await keys.store.listKeys();
  const text = json ? JSON.stringify(found.map(keyAsJson), null, 2) : table(found);
  process.stdout.write(`${text}\n`);
  return 0;
}

async function revoke({ id, ...place }: KeyConfig & { action: "revoke" }): Promise<number> {
  await using keys = await openKeys(place);
  const key = await keys.store.revokeKey(id, Date.now());
  if (!key) throw new StartError([`There is no key ${id}; see volley key ls.`]);
  process.stderr.write(`Revoked key ${id} ("${withoutControls(key.name)}").\n`);
  return 0;
}

/** The keys of a data folder or a database; `create`: one that is not there yet is made. */
async function openKeys(
  { data, database, databasePrepare }: KeyPlace,
  create = false,
): Promise<{ store: KeyStore } & AsyncDisposable> {
  if (database !== undefined) {
    const session = databasePrepare === "on";
    if (create) await prepareDatabase({ url: database, session });
    else await databaseHasKeys(database);
    const store = new PostgresKeyStore(database, session);
    return { store, [Symbol.asyncDispose]: () => store.close() };
  }
  const path = join(data, DATABASE_FILE);
  if (create && !existsSync(path)) {
    makeDataFolder(data);
    openDatabase(path).close();
  }
  const store = new SqliteKeyStore(openBeside(path));
  return { store, [Symbol.asyncDispose]: () => store.close() };
}

function table(keys: readonly ApiKey[]): string {
  const rows = [["id", "scope", "state", "created", "last used", "name"], ...keys.map(row)];
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((cells) => cells[at]?.length ?? 0)),
  );
  return rows
    .map((cells) =>
      cells
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function row(key: ApiKey): string[] {
  const { createdAt, id, lastUsedAt, name, scope } = key;
  const used = lastUsedAt === undefined ? "never" : minute(lastUsedAt);
  return [id, scope, state(key), minute(createdAt), used, withoutControls(name)];
}

function state(key: ApiKey): string {
  if (key.revokedAt !== undefined) return "revoked";
  if (!isUsable(key, Date.now())) return "expired";
  return key.expiresAt === undefined ? "valid" : `until ${iso(key.expiresAt).slice(0, 10)}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** To the minute, in UTC. */
function minute(ms: number): string {
  return `${iso(ms).slice(0, 16).replace("T", " ")}Z`;
}
