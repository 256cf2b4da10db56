import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";

import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { expectToGoOn, FIRST_ROWS, firstSchema } from "../first-version.ts";

test("keeps the jobs of the first version, and goes on with those that have not ended", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "volley.sqlite");
  const db = new Database(path, { create: true, strict: true });
  db.run(`PRAGMA application_id = ${0x766c7931}`);
  db.run("PRAGMA journal_mode = WAL");
  for (const sql of [...(await firstSchema("sqlite")), ...FIRST_ROWS]) db.run(sql);
  db.run("PRAGMA user_version = 1");
  db.close();
  const store = new SqliteStore(openDatabase(path));
  await expectToGoOn(store);
  expect((await store.listRuns({ url: "http://d" }, 10)).runs).toHaveLength(1);
  await store.close();
});
