/** The contract for keeping callbacks: none is lost between a run and whom it tells. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";

import type { CallbackStore, ClaimedCallback, NewCallback } from "../../src/store/callbacks.ts";
import type { RunStore, StoredRun } from "../../src/store/store.ts";
import { CREATED, created, endMoment, iso, newRun, struck } from "./fixture.ts";

/** A store of runs with the callbacks beside it. */
export type OpenCallbacks = () => Promise<{ runs: RunStore; callbacks: CallbackStore }>;

const LEASE = 15_000;
const ENDED = CREATED + 1_000;
const url = "https://ci.example/hooks/t0ken?token=abc";

export function callbackContract(name: string, open: OpenCallbacks): void {
  describe(`${name}: callbacks`, () => {
    let runs: RunStore;
    let store: CallbackStore;
    beforeEach(async () => {
      ({ callbacks: store, runs } = await open());
    });
    afterEach(() => runs.close());

    const submit = (runId: string, ...callbacks: NewCallback[]): Promise<StoredRun> =>
      created(runs, newRun(runId, { callbacks }));
    const end = async (run: StoredRun, at = ENDED) => {
      await runs.endOpenJobs(run, struck, endMoment(at));
      return runs.endRun(run, "completed", endMoment(at));
    };
    const ended = async (runId: string, callback: Partial<NewCallback> = {}, at = ENDED) =>
      end(await submit(runId, { callbackId: `cb_${runId}`, url, ...callback }), at);
    const claim = (now = ENDED, busy: string[] = []) => store.claim(now, LEASE, busy);
    const claimed = async (now = ENDED): Promise<ClaimedCallback> => {
      const callback = await claim(now);
      if (!callback) throw new Error("Nothing is due.");
      return callback;
    };

    test("wait for the end of their run, and are due from then on", async () => {
      const run = await submit("r1", { callbackId: "cb_1", url }, { callbackId: "cb_2" });
      expect(await claim(Number.MAX_SAFE_INTEGER)).toBeUndefined();
      expect(await store.nextDue([])).toBeUndefined();
      expect(await store.findCallbacks("r1")).toEqual([
        {
          callbackId: "cb_1",
          source: "run",
          url: "https://ci.example",
          state: "waiting",
          attempts: 0,
        },
        { callbackId: "cb_2", source: "configuration", state: "waiting", attempts: 0 },
      ]);
      await end(run);
      expect(await store.nextDue([])).toBe(ENDED);
      expect(await claim(ENDED - 1)).toBeUndefined();
      expect(await claim()).toMatchObject({
        callbackId: "cb_1",
        runId: "r1",
        url,
        receiver: "ci.example",
        attempts: 1,
        dueSince: ENDED,
      });
      const second = await claim();
      expect(second).toMatchObject({ callbackId: "cb_2", runId: "r1", receiver: "" });
      expect(second).not.toHaveProperty("url");
      expect(await claim()).toBeUndefined();
    });

    test("are asked for again with their run", async () => {
      await submit("r1", { callbackId: "cb_1", url }, { callbackId: "cb_2" });
      await submit("r2", { callbackId: "cb_3" });
      expect((await runs.findSettings("r1"))?.callbackUrl).toBe(url);
      expect(await runs.findSettings("r2")).not.toHaveProperty("callbackUrl");
    });

    test("come in the order they became due, past receivers that are busy", async () => {
      await ended("late", { url: "https://a.example/" }, ENDED + 2);
      await ended("early", { url: "https://b.example:8443/" }, ENDED + 1);
      await ended("first", { url: "https://a.example/x" });
      const now = ENDED + 10;
      expect((await claim(now, ["a.example"]))?.runId).toBe("early");
      expect(await claim(now, ["a.example", "b.example:8443"])).toBeUndefined();
      expect(await store.nextDue(["b.example:8443"])).toBe(ENDED);
      expect(await store.nextDue(["a.example", "b.example:8443"])).toBeUndefined();
      expect((await claim(now))?.runId).toBe("first");
      expect((await claim(now))?.runId).toBe("late");
    });

    test("are due again when whoever claimed them is not heard of", async () => {
      await ended("r1");
      const lost = await claimed();
      expect(await claim(ENDED + LEASE - 1)).toBeUndefined();
      expect(await store.nextDue([])).toBe(ENDED + LEASE);
      const taken = await claimed(ENDED + LEASE);
      expect(taken).toMatchObject({ callbackId: "cb_r1", attempts: 2 });
      // The claim has passed on: what its first holder says comes too late.
      await store.settle(lost, { state: "failed", at: ENDED + LEASE, error: "late" });
      await store.settle(taken, { state: "delivered", at: ENDED + LEASE + 5, status: 204 });
      expect(await store.findCallbacks("r1")).toEqual([
        {
          callbackId: "cb_r1",
          source: "run",
          url: "https://ci.example",
          state: "delivered",
          attempts: 2,
          lastAttemptAt: iso(ENDED + LEASE + 5),
          lastStatus: 204,
          deliveredAt: iso(ENDED + LEASE + 5),
        },
      ]);
      expect(await claim(Number.MAX_SAFE_INTEGER)).toBeUndefined();
    });

    test("tell their newest attempt, and when the next is", async () => {
      await ended("r1");
      const settled = { at: ENDED + 1, status: 500, error: "Status 500.", nextAt: ENDED + 99 };
      await store.settle(await claimed(), { state: "pending", ...settled });
      expect((await store.findCallbacks("r1"))[0]).toMatchObject({
        state: "pending",
        attempts: 1,
        lastStatus: 500,
        lastError: "Status 500.",
        nextAttemptAt: iso(ENDED + 99),
      });
      expect(await claim(ENDED + 98)).toBeUndefined();
      // An attempt that got no answer leaves no status of the one before.
      const refusal = { at: ENDED + 100, error: "No." };
      await store.settle(await claimed(ENDED + 99), { state: "refused", ...refusal });
      const [callback] = await store.findCallbacks("r1");
      expect(callback).toMatchObject({ state: "refused", attempts: 2, lastError: "No." });
      expect(callback).not.toHaveProperty("lastStatus");
      expect(callback).not.toHaveProperty("nextAttemptAt");
    });

    test("can be repeated once they are settled, and not before", async () => {
      const run = await submit("r1", { callbackId: "cb_1", url });
      expect(await store.repeat("r1", "cb_1", ENDED)).toBe("waiting");
      await end(run);
      expect(await store.repeat("r1", "cb_1", ENDED)).toBe("pending");
      await store.settle(await claimed(), { state: "delivered", at: ENDED, status: 200 });
      expect(await store.repeat("r1", "cb_1", ENDED + 50)).toBe("delivered");
      expect(await claim(ENDED + 49)).toBeUndefined();
      const again = { callbackId: "cb_1", attempts: 1, dueSince: ENDED + 50 };
      expect(await claim(ENDED + 50)).toMatchObject(again);
      expect(await store.repeat("r1", "cb_2", ENDED)).toBeUndefined();
      expect(await store.repeat("r2", "cb_1", ENDED)).toBeUndefined();
    });

    test("go with their run", async () => {
      await ended("r1");
      while (await runs.prune(100, { endedBefore: ENDED + 1, keepRuns: 100 }));
      expect(await store.findCallbacks("r1")).toEqual([]);
      expect(await claim(Number.MAX_SAFE_INTEGER)).toBeUndefined();
    });

    test("come with a run whose jobs came in slices, once", async () => {
      const callbacks = [{ callbackId: "cb_1", url }];
      const run = await created(runs, newRun("large", { jobs: 12_000, callbacks }));
      expect(await store.findCallbacks("large")).toHaveLength(1);
      await end(run);
      expect(await claim()).toMatchObject({ callbackId: "cb_1", runId: "large" });
      expect(await claim()).toBeUndefined();
    });

    test("of a submit that was there already are not kept", async () => {
      await submit("r1", { callbackId: "cb_1", url });
      const again = newRun("r1", { callbacks: [{ callbackId: "cb_2", url }] });
      expect(await runs.submit(again)).toMatchObject({ created: false });
      expect(await store.findCallbacks("r1")).toHaveLength(1);
    });
  });
}
