import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { random } from "../../support/random.ts";
import { created, execute, newRun, unreachable } from "../fixture.ts";
import { child } from "./child.ts";

describe("SqliteStore", () => {
  test("keeps every promise of a process that was killed while writing", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "volley.sqlite");
    const seed = random.seed();
    const { integer } = random(seed);
    const promises: string[] = [];
    for (let round = 0; round < 5; round++) {
      const writer = child("write-on.ts", [path, String(round)]);
      for (let left = integer(20, 200); left > 0; left--) promises.push(await writer.line());
      promises.push(...(await writer.kill()));
      await checkPromises(path, promises, `seed ${seed}, round ${round}`);
    }
  }, 120_000);
});

/** Opening checks the file itself; this checks what was said about it. */
async function checkPromises(path: string, promises: string[], where: string): Promise<void> {
  const store = new SqliteStore(openDatabase(path));
  for (const promise of promises) {
    const [what, runId = "", at = ""] = promise.split(" ");
    const status = await store.findStatus(runId);
    expect(status, `${where}: ${promise}`).toBeDefined();
    if (what === "end") expect(status?.state, `${where}: ${promise}`).toBe("failed");
    if (what === "job") {
      const [job] = await store.findJobs(runId, Number(at) - 1, 1);
      expect(job?.results, `${where}: ${promise}`).toHaveLength(2);
    }
  }
  // Counters and jobs change together or not at all.
  for (const runId of new Set(promises.map((promise) => promise.split(" ")[1]!))) {
    const status = (await store.findStatus(runId))!;
    const jobs = await store.findJobs(runId, -1, 10);
    const having = (...states: string[]) =>
      jobs.filter(({ state }) => states.includes(state)).length;
    expect(
      [status.completedJobs, status.failedJobs, status.runningJobs, status.queuedJobs],
      `${where}: ${runId}`,
    ).toEqual([having("completed"), having("failed"), having("running"), having("queued")]);
  }
  await store.close();
}

describe("SqliteStore.close", () => {
  test("leaves one file that holds everything", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "volley.sqlite");
    const store = new SqliteStore(openDatabase(path));
    await execute(store, await created(store, newRun("r", { jobs: 3 })), 0, unreachable);
    await store.close();
    expect(readdirSync(folder.path)).toEqual(["volley.sqlite"]);
  });
});
