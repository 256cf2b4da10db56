/** Keys in SQLite: the contract, and several connections to one file. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { StartError } from "../../../src/domain/errors.ts";
import { issueKey } from "../../../src/domain/key.ts";
import { databaseHasKeys, SqliteKeyStore } from "../../../src/store/sqlite/keys.ts";
import { openBeside, openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { keyStoreContract, newKey } from "../contract-keys.ts";
import { CREATED, created, newRun } from "../fixture.ts";
import { digests } from "./files.ts";

keyStoreContract("SqliteKeyStore", async () => new SqliteKeyStore(openDatabase(":memory:")));

describe("SqliteKeyStore", () => {
  test("sees at once what another connection does, while runs are written", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "volley.sqlite");
    const runs = new SqliteStore(openDatabase(path));
    const server = new SqliteKeyStore(openBeside(path));
    const command = new SqliteKeyStore(openBeside(path));
    const submits = Array.from({ length: 50 }, (_, index) => created(runs, newRun(`r${index}`)));
    expect(await server.hasKeys()).toBeFalse();
    await command.createKey(newKey("a"));
    expect(await server.hasKeys()).toBeTrue();
    expect(await server.findKey("a")).toMatchObject({ name: "Key a" });
    await command.revokeKey("a", CREATED);
    expect(await server.findKey("a")).toMatchObject({ revokedAt: CREATED });
    await server.noteUses(new Map([["a", CREATED + 1]]));
    expect(await command.findKey("a")).toMatchObject({ lastUsedAt: CREATED + 1 });
    await Promise.all(submits);
    for (const store of [runs, server, command]) await store.close();
  });

  test("keeps no key, in whole or in part", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "volley.sqlite");
    openDatabase(path).close();
    const keys = new SqliteKeyStore(openBeside(path));
    const { digest, id, text } = issueKey();
    await keys.createKey(newKey(id, { digest }));
    await keys.close();
    const files = readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name)));
    const whole = Buffer.concat(files).toString("latin1");
    expect(whole).toContain(id);
    expect(whole).not.toContain(text.slice(-43));
    expect(whole).not.toContain(text.slice(-20));
  });
});

describe("databaseHasKeys", () => {
  test("looks, and leaves no trace", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "volley.sqlite");
    expect(databaseHasKeys(path)).toBeFalse();
    expect(readdirSync(folder.path)).toEqual([]);
    openDatabase(path).close();
    const before = await digests(folder.path);
    expect(databaseHasKeys(path)).toBeFalse();
    expect(await digests(folder.path)).toEqual(before);
    const keys = new SqliteKeyStore(openBeside(path));
    await keys.createKey(newKey("a"));
    expect(databaseHasKeys(path)).toBeTrue();
    await keys.close();
    expect(databaseHasKeys(path)).toBeTrue();
  });
});

function setVersion(path: string, version: number): void {
  const db = openDatabase(path);
  db.run(`PRAGMA user_version = ${version}`);
  db.close();
}

describe("openBeside refuses", () => {
  const refusals: readonly [string, (path: string) => void, RegExp][] = [
    ["a file that is not there", () => {}, /There is no database/],
    ["a file that is no database", (path) => writeFileSync(path, "x".repeat(200)), /not an SQLite/],
    ["an older schema", (path) => setVersion(path, 0), /older volley/],
    ["a newer schema", (path) => setVersion(path, 999), /newer volley/],
  ];

  test.each(refusals)("%s", (_what, make, said) => {
    using folder = temporaryFolder();
    const path = join(folder.path, "volley.sqlite");
    make(path);
    expect(() => openBeside(path)).toThrow(StartError);
    expect(() => openBeside(path)).toThrow(said);
  });
});
