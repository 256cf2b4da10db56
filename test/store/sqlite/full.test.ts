import type { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";

import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { Dispatches, request, Stage, turns } from "../../orchestrator/stage.ts";
import { eventually } from "../../support/eventually.ts";
import { temporaryFolder } from "../../support/folder.ts";

let folder: ReturnType<typeof temporaryFolder>;
let db: Database;
let stage: Stage;

beforeEach(() => {
  folder = temporaryFolder();
  db = openDatabase(join(folder.path, "volley.sqlite"));
  stage = new Stage({ store: new SqliteStore(db), dispatches: new Dispatches(() => undefined) });
});

afterEach(async () => {
  await stage.store.close();
  folder[Symbol.dispose]();
});

/** The database may not grow any more; or as it likes. */
function fill(): void {
  const [[pages]] = db.query("PRAGMA page_count").values() as [[number]];
  db.run(`PRAGMA max_page_count = ${pages}`);
}
const makeRoom = (): void => db.run("PRAGMA max_page_count = 1000000") as unknown as void;

const soundness = (): unknown => db.query("PRAGMA quick_check").values();

describe("a full store", () => {
  test("refuses submits, keeps nothing of them, and takes them again once there is room", async () => {
    const kept = await stage.submit(request(3));
    await stage.dispatches.reach(3);
    fill();
    const large = request(500, { runId: "large" });
    await expect(stage.submit(large)).rejects.toMatchObject({
      code: "store_unavailable",
      message: "The run store is full.",
    });
    expect(await stage.store.findRun("large")).toBeUndefined();
    expect((await stage.store.listRuns({}, 10)).runs.map(({ runId }) => runId)).toEqual([kept]);
    expect((await stage.summary(kept)).jobs).toHaveLength(3);
    expect(stage.orchestrator.backlog).toBe(0);
    expect(soundness()).toEqual([["ok"]]);
    makeRoom();
    expect(await stage.submit(large)).toBe("large");
    expect(await stage.store.findStatus("large")).toMatchObject({ totalJobs: 500 });
    expect(soundness()).toEqual([["ok"]]);
  });

  test("keeps an answer waiting until there is room: nothing is dispatched twice", async () => {
    const { store } = stage;
    const { endJobs } = store;
    let refused = 0;
    store.endJobs = async (...args) => {
      await endJobs.apply(store, args).catch((error: unknown) => {
        refused++;
        throw error;
      });
    };
    const runId = await stage.submit(request(3, { concurrency: 1 }));
    await stage.dispatches.reach(1);
    fill();
    const details = "x".repeat(1_000_000);
    const results = [{ name: "runner", status: "pass", details }] as const;
    stage.dispatches.calls[0]!.end({ state: "completed", results: [...results] });
    await eventually("the end is refused", () => refused === 1);
    stage.clock.advance(1_000);
    await eventually("it is refused again", () => refused === 2);
    expect(await stage.store.findStatus(runId)).toMatchObject({
      state: "running",
      completedJobs: 0,
    });
    // Its permit is free, and small writes still fit.
    await stage.dispatches.reach(2);
    makeRoom();
    stage.clock.advance(1_000);
    const { jobs, state } = await stage.ended(runId, () => stage.dispatches.inFlight[0]?.end());
    expect(state).toBe("completed");
    expect(jobs.map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
    expect(String(jobs[0]?.results[0]?.details).length).toBe(details.length);
    expect(stage.dispatches.calls).toHaveLength(3);
    expect(soundness()).toEqual([["ok"]]);
  });

  test("spoils a large write only: those of the same tick that fit are kept", async () => {
    const small = await stage.submit(request(1));
    await stage.dispatches.reach(1);
    fill();
    const [large, cancel] = await Promise.allSettled([
      stage.submit(request(500)),
      stage.orchestrator.cancel(small),
    ]);
    expect(large).toMatchObject({ status: "rejected", reason: { code: "store_unavailable" } });
    expect(cancel).toMatchObject({ status: "fulfilled", value: "cancelled" });
    await turns();
    expect(soundness()).toEqual([["ok"]]);
  });
});
