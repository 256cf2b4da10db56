/** A database that breaks while it is served: nobody gets to see how, nor what was in it. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import type { RunStore, StoredRun } from "../../../src/store/store.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { newRun } from "../fixture.ts";
import { soundFile } from "./files.ts";

const PAGE = 4_096;

let folder: ReturnType<typeof temporaryFolder>;
let store: SqliteStore;

beforeEach(async () => {
  folder = temporaryFolder();
  const path = join(folder.path, "volley.sqlite");
  await soundFile(path);
  store = new SqliteStore(openDatabase(path));
  // Behind the back of the open database; the first page, with the schema, it knows by heart.
  const file = openSync(path, "r+");
  const { size } = Bun.file(path);
  writeSync(file, Buffer.alloc(size - PAGE, 0xa5), 0, size - PAGE, PAGE);
  closeSync(file);
});

afterEach(async () => {
  await store.close();
  folder[Symbol.dispose]();
});

const run = { key: 1, runId: "r0" } as StoredRun;

const CALLS: Readonly<Record<string, (store: RunStore) => Promise<unknown>>> = {
  findStatus: (store) => store.findStatus("r0"),
  findRun: (store) => store.findRun("r0"),
  findJobs: (store) => store.findJobs("r0", -1, 10),
  findSettings: (store) => store.findSettings("r0"),
  findAnswers: (store) => store.findAnswers("r0", -1, 10),
  findEvents: (store) => store.findEvents("r0", 0, 10),
  findLastEvent: (store) => store.findLastEvent("r0"),
  listRuns: (store) => store.listRuns({}, 10),
  "listRuns by tag": (store) => store.listRuns({ tag: "t" }, 10),
  claim: (store) => store.claim(10),
  pendingJobs: (store) => store.pendingJobs(run, -1, 10),
  regionsOf: (store) => store.regionsOf(run),
  tally: (store) => store.tally(run),
  submit: (store) => store.submit(newRun("new")),
  requestCancel: (store) => store.requestCancel("r0", 0),
  prune: (store) => store.prune(10, { endedBefore: Number.MAX_SAFE_INTEGER, keepRuns: 0 }),
};

describe("a database that broke", () => {
  test.each(Object.keys(CALLS))("makes %s reject as store_unavailable", async (name) => {
    const error = await CALLS[name]!(store).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    expect(error).toMatchObject({ name: "AppError", code: "store_unavailable" });
    expect(error?.message).not.toMatch(/SQLITE|malformed|SELECT|sqlite/);
  });
});
