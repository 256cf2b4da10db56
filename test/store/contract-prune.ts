/** The store contract: retention. Ended runs go, oldest first, at once; their jobs in slices. */
import { describe, expect, test } from "bun:test";

import type { PruneBounds, RunStore } from "../../src/store/store.ts";
import { random } from "../support/random.ts";
import type { OpenStore } from "./contract.ts";
import {
  answered,
  claimedAnew,
  CREATED,
  created,
  eachStore,
  endMoment,
  execute,
  moment,
  newRun,
  pending,
} from "./fixture.ts";

const ALL = Number.MAX_SAFE_INTEGER;
const KEEP_ALL: PruneBounds = { endedBefore: 0, keepRuns: ALL };

/** An ended run of `jobs` jobs. */
async function endedRun(store: RunStore, runId: string, jobs = 2, at = CREATED): Promise<void> {
  const run = await created(store, newRun(runId, { jobs, createdAt: at, tags: [`t-${runId}`] }));
  await execute(store, run, 0, answered("pass"));
  await store.endOpenJobs(run, { state: "failed" }, moment(at));
  await store.endRun(run, "failed", endMoment(at));
}

/** Prunes until nothing is left to, in slices of `limit`; resolves with how many it took. */
async function pruneAll(store: RunStore, bounds: PruneBounds, limit = 1_000): Promise<number> {
  let slices = 0;
  while (await store.prune(limit, bounds)) slices++;
  return slices;
}

async function ids(store: RunStore): Promise<string[]> {
  return (await store.listRuns({}, 1_000)).runs.map(({ runId }) => runId).toSorted();
}

/** All that can be read of a run. */
const everything = (store: RunStore, runId: string): Promise<unknown[]> =>
  Promise.all([
    store.findStatus(runId),
    store.findRun(runId),
    store.findJobs(runId, -1, 1_000),
    store.findEvents(runId, 0, 1_000),
    store.findSettings(runId),
    store.findAnswers(runId, -1, 1_000),
  ]);

export function pruneContract(name: string, open: OpenStore): void {
  describe(`${name}: prune`, () => {
    const store = eachStore(open);

    test("has nothing to do in a store within its bounds", async () => {
      expect(await store().prune(100, { endedBefore: ALL, keepRuns: 0 })).toBe(false);
      await endedRun(store(), "r");
      expect(await store().prune(100, KEEP_ALL)).toBe(false);
      expect(await ids(store())).toEqual(["r"]);
    });

    test("deletes what was accepted before a time", async () => {
      for (const [index, id] of ["a", "b", "c"].entries()) {
        await endedRun(store(), id, 2, CREATED + index);
      }
      await pruneAll(store(), { endedBefore: CREATED + 1, keepRuns: ALL });
      expect(await ids(store())).toEqual(["b", "c"]);
    });

    test("deletes what is past the newest so many", async () => {
      for (const id of ["d", "a", "c", "b"]) await endedRun(store(), id);
      await pruneAll(store(), { endedBefore: 0, keepRuns: 3 });
      expect(await ids(store())).toEqual(["a", "b", "c"]);
      await pruneAll(store(), { endedBefore: 0, keepRuns: 1 });
      expect(await ids(store())).toEqual(["b"]);
      await pruneAll(store(), { endedBefore: 0, keepRuns: 0 });
      expect(await ids(store())).toEqual([]);
    });

    test("leaves every run that has not ended", async () => {
      await created(store(), newRun("queued"));
      const busy = await created(store(), newRun("running"));
      await store().startJobs(busy, [await pending(store(), busy)], moment());
      await endedRun(store(), "ended");
      await pruneAll(store(), { endedBefore: ALL, keepRuns: 0 });
      expect(await ids(store())).toEqual(["queued", "running"]);
      expect(await claimedAnew(store())).toHaveLength(2);
      expect(await store().pendingJobs(busy, -1, 10)).toHaveLength(1);
    });

    test("makes a run disappear at once, before its jobs are gone", async () => {
      await endedRun(store(), "r", 25);
      expect(await store().prune(10, { endedBefore: ALL, keepRuns: 0 })).toBe(true);
      expect(await everything(store(), "r")).toEqual([undefined, undefined, [], [], undefined, []]);
      expect(await store().listRuns({}, 10)).toEqual({ runs: [] });
      expect(await store().listRuns({ tag: "t-r" }, 10)).toEqual({ runs: [] });
      expect(await store().requestCancel("r", CREATED)).toBeUndefined();
    });

    test("works in slices: more jobs take more calls", async () => {
      await endedRun(store(), "small", 5);
      const few = await pruneAll(store(), { endedBefore: ALL, keepRuns: 0 }, 10);
      await endedRun(store(), "large", 95);
      const many = await pruneAll(store(), { endedBefore: ALL, keepRuns: 0 }, 10);
      expect(many - few).toBeGreaterThanOrEqual(9);
    });

    test("lets an id and a key be submitted again, even before the old jobs are gone", async () => {
      const again = newRun("r", { jobs: 3, idempotencyKey: "k" });
      const run = await created(store(), { ...newRun("r", { jobs: 25 }), idempotencyKey: "k" });
      await store().endOpenJobs(run, { state: "failed" }, moment());
      await store().endRun(run, "failed", endMoment());
      await store().prune(10, { endedBefore: ALL, keepRuns: 0 });
      const second = await created(store(), again);
      await execute(store(), second, 1, answered("pass"));
      const before = await everything(store(), "r");
      await pruneAll(store(), { endedBefore: ALL, keepRuns: 0 }, 10);
      expect(await everything(store(), "r")).toEqual(before);
      expect(await store().findJobs("r", -1, 10)).toHaveLength(3);
    });

    test("touches nothing else", async () => {
      const seed = random.seed();
      const { integer } = random(seed);
      const kept = ["k0", "k1", "k2"];
      for (let index = 0; index < 12; index++) {
        await endedRun(store(), `old${index}`, integer(1, 30), CREATED + index);
        if (index % 4 === 3) await endedRun(store(), kept.at((index - 3) / 4)!, 7, CREATED + 1_000);
      }
      const before = await Promise.all(kept.map((id) => everything(store(), id)));
      const bounds = { endedBefore: CREATED + 500, keepRuns: ALL };
      while (await store().prune(integer(1, 40), bounds)) {
        const now = await Promise.all(kept.map((id) => everything(store(), id)));
        expect(now, `TEST_SEED=${seed}`).toEqual(before);
      }
      expect(await ids(store())).toEqual(kept);
    });
  });
}
