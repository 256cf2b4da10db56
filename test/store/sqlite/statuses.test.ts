/** Statuses between commits: looked up once, and never behind. */
import { describe, expect, test } from "bun:test";

import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { answered, created, execute, newRun } from "../fixture.ts";

describe("a status", () => {
  test("is looked up once between two commits, and tells what each of them changed", async () => {
    const store = new SqliteStore(openDatabase(":memory:"));
    const run = await created(store, newRun("run_a"));
    const before = await store.findStatus("run_a");
    expect(await store.findStatus("run_a")).toBe(before);

    await execute(store, run, 0, answered("pass"));
    expect(await store.findStatus("run_a")).toMatchObject({ state: "running", completedJobs: 1 });
    expect(before).toMatchObject({ state: "queued", completedJobs: 0 });
    await store.close();
  });

  test("of a run that is not there yet is looked up again", async () => {
    const store = new SqliteStore(openDatabase(":memory:"));
    expect(await store.findStatus("run_a")).toBeUndefined();
    await created(store, newRun("run_a"));
    expect(await store.findStatus("run_a")).toMatchObject({ state: "queued" });
    await store.close();
    await expect(store.findStatus("run_a")).rejects.toMatchObject({ code: "store_unavailable" });
  });
});
