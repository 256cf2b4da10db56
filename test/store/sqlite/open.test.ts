import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { digests, refusal, soundFile } from "./files.ts";

let folder: ReturnType<typeof temporaryFolder>;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, "volley.sqlite");
});

afterEach(() => folder[Symbol.dispose]());

const pragma = (db: Database, name: string): unknown => db.query(`PRAGMA ${name}`).values()[0]?.[0];

/** A change made by another program, behind our back. */
function edit(change: (db: Database) => void): void {
  const db = new Database(path);
  change(db);
  db.close();
}

/** Opens, expects a refusal that names the file and says `why`, and compares all bytes. */
async function expectRefused(why: RegExp): Promise<void> {
  const before = await digests(folder.path);
  const { faults } = refusal(path);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(path);
  expect(faults[0]).toMatch(why);
  expect(await digests(folder.path)).toEqual(before);
}

describe("openDatabase", () => {
  test("makes a new database with the settings that durability needs", () => {
    const db = openDatabase(path);
    expect(pragma(db, "journal_mode")).toBe("wal");
    expect(pragma(db, "synchronous")).toBe(2);
    expect(pragma(db, "foreign_keys")).toBe(1);
    expect(pragma(db, "trusted_schema")).toBe(0);
    expect(pragma(db, "busy_timeout")).toBe(2_000);
    expect(pragma(db, "application_id")).toBe(0x766c7931);
    expect(pragma(db, "user_version")).toBe(2);
    db.close();
  });

  test("sets them again on a database that is there", async () => {
    await soundFile(path);
    const db = openDatabase(path);
    expect(pragma(db, "journal_mode")).toBe("wal");
    expect(pragma(db, "synchronous")).toBe(2);
    expect(pragma(db, "foreign_keys")).toBe(1);
    db.close();
  });

  test("marks the file as ours in its own bytes", () => {
    openDatabase(path).close();
    const other = new Database(path, { readonly: true });
    expect(pragma(other, "application_id")).toBe(0x766c7931);
    other.close();
  });

  test("keeps what is there", async () => {
    await soundFile(path);
    const store = new SqliteStore(openDatabase(path));
    expect(await store.claim(100)).toHaveLength(20);
    expect(await store.findJobs("r19", -1, 100)).toHaveLength(20);
    await store.close();
  });

  test("uses an empty file as a new one", () => {
    writeFileSync(path, "");
    const db = openDatabase(path);
    expect(pragma(db, "user_version")).toBe(2);
    db.close();
  });

  test("finishes a file that was marked and never migrated", () => {
    edit((db) => {
      db.run(`PRAGMA application_id = ${0x766c7931}`);
      db.run("PRAGMA journal_mode = WAL");
    });
    const db = openDatabase(path);
    expect(pragma(db, "user_version")).toBe(2);
    expect(db.query("SELECT count(*) FROM runs").values()).toEqual([[0]]);
    db.close();
  });

  test("has tables that refuse what does not belong", () => {
    const db = openDatabase(path);
    const strict = db.query(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 1",
    );
    expect(strict.values().flat().toSorted()).toEqual([
      "callbacks",
      "facets",
      "incoming_runs",
      "job_ends",
      "job_requests",
      "job_starts",
      "keys",
      "pruned_runs",
      "runs",
      "sessions",
    ]);
    expect(() => db.run("INSERT INTO facets (kind, value, run) VALUES ('tag', 'a', 99)")).toThrow(
      "FOREIGN KEY",
    );
    expect(() => db.run("INSERT INTO facets (kind, value, run) VALUES ('x', 'a', 1)")).toThrow(
      "CHECK",
    );
    db.close();
  });
});

describe("openDatabase refuses and leaves untouched", () => {
  test("a text file", async () => {
    writeFileSync(path, "dear diary\n".repeat(1_000));
    await expectRefused(/not a volley database/);
  });

  test("a file of a few bytes", async () => {
    writeFileSync(path, "SQLite");
    await expectRefused(/not a volley database/);
  });

  test("a file that ends inside its header", async () => {
    await soundFile(path);
    truncateSync(path, 60);
    await expectRefused(/volley database|corrupt/);
  });

  test("a database of another application", async () => {
    edit((db) => db.run("CREATE TABLE diary (entry TEXT)"));
    await expectRefused(/another application/);
  });

  test("a database of another application that has a mark", async () => {
    edit((db) => {
      db.run("PRAGMA application_id = 1234");
      db.run("CREATE TABLE runs (entry TEXT)");
    });
    await expectRefused(/another application/);
  });

  test("a database of a newer version", async () => {
    await soundFile(path);
    edit((db) => db.run("PRAGMA user_version = 1000"));
    await expectRefused(/newer.*1000/);
  });

  test("a database that was cut off", async () => {
    await soundFile(path);
    truncateSync(path, Math.floor(Bun.file(path).size / 2));
    await expectRefused(/corrupt/);
  });

  test.each([1, 2, 3])("a database whose page %d is damaged", async (page) => {
    await soundFile(path);
    const bytes = new Uint8Array(await Bun.file(path).arrayBuffer());
    const size = 4_096;
    // Of the first page, which also holds the header, only the schema.
    bytes.fill(0xa5, page === 1 ? 100 : size * (page - 1), size * page);
    writeFileSync(path, bytes);
    await expectRefused(/corrupt/);
  });

  test("a database whose middle is zeroed", async () => {
    await soundFile(path);
    const bytes = new Uint8Array(await Bun.file(path).arrayBuffer());
    const middle = Math.floor(bytes.length / 8_192) * 4_096;
    bytes.fill(0, middle, middle + 8_192);
    writeFileSync(path, bytes);
    await expectRefused(/corrupt/);
  });

  test("a folder where the file should be", () => {
    mkdirSync(path);
    const { faults } = refusal(path);
    expect(faults).toEqual([expect.stringContaining(path)]);
    expect(readdirSync(path)).toEqual([]);
  });

  test("a path whose folder is not there", () => {
    const lost = join(folder.path, "lost", "volley.sqlite");
    expect(refusal(lost).faults).toEqual([expect.stringContaining(lost)]);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});
