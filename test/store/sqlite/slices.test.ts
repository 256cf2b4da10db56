import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";

import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { created, newRun } from "../fixture.ts";
import { child } from "./child.ts";

/** More than three slices. */
const MANY = 17_000;
const FOREVER = { endedBefore: 0, keepRuns: 1_000_000 };

let folder: ReturnType<typeof temporaryFolder>;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, "volley.sqlite");
});

afterEach(() => folder[Symbol.dispose]());

describe("SqliteStore.submit of many jobs", () => {
  test("keeps every job in order, and the run only with the last of them", async () => {
    const commits: number[] = [];
    const store = new SqliteStore(openDatabase(path), { committed: () => commits.push(0) });
    const submitted = created(store, newRun("big", { jobs: MANY }));
    // Others get their turn between the slices, and see nothing of it.
    await created(store, newRun("small"));
    const between = commits.length;
    expect(await store.findStatus("big")).toBeUndefined();
    expect((await store.listRuns({}, 10)).runs.map(({ runId }) => runId)).toEqual(["small"]);
    const run = await submitted;
    expect(commits.length).toBeGreaterThan(between + 1);
    expect(run.queuedJobs).toBe(MANY);
    const jobs = await store.findJobs("big", -1, MANY + 1);
    expect(jobs.map(({ jobId }) => jobId)).toEqual(
      Array.from({ length: MANY }, (_, position) => `job_big_${position}`),
    );
    expect(await store.prune(10, FOREVER)).toBe(false);
    await store.close();
  });

  test("keeps one of two with the same id, and nothing of the other", async () => {
    const db = openDatabase(path);
    const store = new SqliteStore(db);
    const [one, two] = await Promise.all([
      store.submit(newRun("big", { jobs: MANY })),
      store.submit(newRun("big", { jobs: MANY, requestDigest: "other" })),
    ]);
    expect([one.created, two.created]).toEqual([true, false]);
    while (await store.prune(MANY, FOREVER));
    expect(db.query("SELECT count(*) FROM jobs").values()).toEqual([[MANY]]);
    await store.close();
  });

  test("leaves nothing of a submit that a crash cut off", async () => {
    const writer = child("submit-slices.ts", [path, String(MANY)]);
    const jobs = Number(await writer.line());
    expect(jobs).toBeGreaterThan(0);
    expect(jobs).toBeLessThan(MANY);
    await writer.kill();
    const db = openDatabase(path);
    const store = new SqliteStore(db);
    expect(await store.findStatus("big")).toBeUndefined();
    const again = await created(store, newRun("big", { jobs: 1 }));
    while (await store.prune(MANY, FOREVER));
    expect(db.query("SELECT run, count(*) FROM jobs").values()).toEqual([[again.key, 1]]);
    await store.close();
  });

  test("leaves nothing of a submit that the disk had no room for", async () => {
    const db = openDatabase(path);
    const store = new SqliteStore(db);
    db.run(`PRAGMA max_page_count = ${200}`);
    await expect(store.submit(newRun("big", { jobs: MANY }))).rejects.toMatchObject({
      code: "store_unavailable",
    });
    expect(await store.findStatus("big")).toBeUndefined();
    db.run(`PRAGMA max_page_count = ${1_000_000}`);
    while (await store.prune(MANY, FOREVER));
    expect(db.query("SELECT count(*) FROM jobs").values()).toEqual([[0]]);
    await store.close();
  });
});
