import { describe, expect, test } from "bun:test";

import { AppError } from "../../src/domain/errors.ts";
import type { RunStore } from "../../src/store/store.ts";
import { eventually } from "../support/eventually.ts";
import { Dispatches, memoryStore, passed, request, Stage } from "./stage.ts";

type Method = Exclude<keyof RunStore, "close">;

interface Faulty {
  readonly store: RunStore;
  /** How many calls failed so far. */
  readonly fired: () => number;
}

/** The store, whose calls of `method` numbered `from` to `to` (from 1) fail as `error` says. */
function faulty(
  method: Method,
  [from, to]: readonly [number, number],
  error: () => Error = () => new AppError("store_unavailable", "The run store is full."),
): Faulty {
  const store = memoryStore();
  let calls = 0;
  let fired = 0;
  const proxy = new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name, target) as unknown;
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        if (name === method && ++calls >= from && calls <= to) {
          fired++;
          return Promise.reject(error());
        }
        return Reflect.apply(member, target, args) as unknown;
      };
    },
  });
  return { store: proxy, fired: () => fired };
}

describe("a store that is away for a while", () => {
  const calls: readonly [Method, readonly [number, number]][] = [
    ["pendingJobs", [1, 1]],
    ["pendingJobs", [1, 4]],
    ["startJob", [1, 3]],
    ["startJob", [4, 9]],
    ["endJob", [1, 3]],
    ["endJob", [6, 12]],
    ["tally", [1, 2]],
    ["endRun", [1, 3]],
  ];

  test.each(calls)("loses nothing when %s fails on calls %j", async (method, range) => {
    const { fired, store } = faulty(method, range);
    const stage = new Stage({ store });
    const runId = await stage.submit(request(6, { concurrency: 2 }));
    const { jobs, state, summary } = await stage.ended(runId, () => stage.clock.advance(1_000));
    expect(fired()).toBe(range[1] - range[0] + 1);
    expect(state).toBe("completed");
    expect(summary).toEqual({ total: 6, passed: 6, failed: 0, errored: 0 });
    expect(jobs.map(({ attempts, results }) => `${attempts}: ${results.length}`)).toEqual(
      Array(6).fill("1: 1"),
    );
    // Nothing was dispatched twice.
    expect(stage.dispatches.calls).toHaveLength(6);
    expect(stage.dispatches.peak).toBeLessThanOrEqual(2);
  });

  test("still times out every queued job", async () => {
    const { fired, store } = faulty("endOpenJobs", [1, 2]);
    const stage = new Stage({ store, dispatches: new Dispatches(() => undefined) });
    const runId = await stage.submit(request(5, { concurrency: 1, timeout: 100 }));
    await stage.dispatches.reach(1);
    const { state, summary } = await stage.ended(runId, () => stage.clock.advance(1_000));
    expect(fired()).toBe(2);
    expect(state).toBe("timed_out");
    expect(summary).toEqual({ total: 5, passed: 0, failed: 0, errored: 5 });
  });

  test("keeps nothing of a submit that it refused, and takes it again later", async () => {
    const { fired, store } = faulty("submit", [1, 1]);
    const stage = new Stage({ store });
    const again = request(2, { runId: "r" });
    await expect(stage.submit(again)).rejects.toMatchObject({ code: "store_unavailable" });
    expect(fired()).toBe(1);
    expect(await store.findRun("r")).toBeUndefined();
    expect(stage.dispatches.calls).toHaveLength(0);
    await stage.submit(again);
    expect((await stage.ended("r")).state).toBe("completed");
  });

  test("leaves the run to be resumed when the server stops meanwhile", async () => {
    const { fired, store } = faulty("endJob", [1, 5]);
    const stage = new Stage({ store });
    const runId = await stage.submit(request(3, { concurrency: 1 }));
    await stage.dispatches.reach(1);
    const closed = stage.orchestrator.close(0);
    stage.clock.advance(1_000);
    await closed;
    expect(fired()).toBeGreaterThan(0);
    expect((await stage.summary(runId)).state).toBe("running");
    const next = new Stage({ store });
    await next.orchestrator.recover();
    const { state, summary } = await next.ended(runId, () => next.clock.advance(1_000));
    expect(state).toBe("completed");
    expect(summary).toEqual({ total: 3, passed: 3, failed: 0, errored: 0 });
  });

  test("delays its own run only", async () => {
    const { fired, store } = faulty("endRun", [1, 1]);
    const stage = new Stage({ store });
    const held = await stage.submit(request(1));
    const other = await stage.submit(request(1));
    // Time stands still: the run whose end failed waits to try again.
    await Promise.race([stage.ended(held), stage.ended(other)]);
    expect(fired()).toBe(1);
    const both = await Promise.all(
      [held, other].map((id) => stage.ended(id, () => stage.clock.advance(1_000))),
    );
    expect(both.map(({ state }) => state)).toEqual(["completed", "completed"]);
  });
});

describe("a store with a defect", () => {
  test.each(["startJob", "endJob"] as const)(
    "never ends a run over a job whose %s was lost",
    async (method) => {
      const { fired, store } = faulty(method, [1, 1], () => new TypeError("defect"));
      const stage = new Stage({ store, dispatches: new Dispatches(passed) });
      const runId = await stage.submit(request(3, { concurrency: 1 }));
      await eventually("the defect shows", () => fired() === 1);
      await stage.orchestrator.close(0);
      expect(fired()).toBe(1);
      const { jobs, state, summary } = await stage.summary(runId);
      const results = jobs.flatMap(({ results }) => results).length;
      // Either the job was accounted for, or the run is left for the next start.
      if (state !== "queued" && state !== "running") expect(results).toBe(summary.total);
      const next = new Stage({ store });
      await next.orchestrator.recover();
      const end = await next.ended(runId);
      expect(end.jobs.flatMap(({ results }) => results)).toHaveLength(3);
      expect(end.summary.passed + end.summary.failed + end.summary.errored).toBe(3);
    },
  );
});
