import { describe, expect, test } from "bun:test";

import { faulty } from "./faulty-store.ts";
import { Dispatches, memoryStore, reopened, request, Stage } from "./stage.ts";

const inTestsHands = (): Dispatches => new Dispatches(() => undefined);

describe("the backlog", () => {
  test("counts jobs that wait, not those in flight", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(5, { concurrency: 2 }));
    await stage.dispatches.reach(2);
    expect(stage.orchestrator.backlog).toBe(3);
    stage.dispatches.calls[0]!.end();
    await stage.dispatches.reach(3);
    expect(stage.orchestrator.backlog).toBe(2);
    await stage.ended(runId, () => stage.dispatches.inFlight[0]?.end());
    expect(stage.orchestrator.backlog).toBe(0);
    expect(stage.orchestrator.activeRuns).toBe(0);
  });

  test("refuses what would pass its limit, and says how much waits", async () => {
    const stage = new Stage({ dispatches: inTestsHands(), maxInFlight: 1, maxBacklog: 10 });
    await stage.submit(request(8));
    await stage.dispatches.reach(1);
    await stage.submit(request(3));
    expect(stage.orchestrator.backlog).toBe(10);
    await expect(stage.submit(request(1, { runId: "r" }))).rejects.toMatchObject({
      code: "at_capacity",
      message: "10 jobs are waiting; with 1 more the limit of 10 is passed.",
    });
    expect(await stage.store.findRun("r")).toBeUndefined();
    stage.dispatches.calls[0]!.end();
    await stage.dispatches.reach(2);
    expect(await stage.submit(request(1, { runId: "r" }))).toBe("r");
  });

  test("counts jobs, not runners", async () => {
    const stage = new Stage({ dispatches: inTestsHands(), maxBacklog: 1 });
    const [runner] = request(1).runners;
    await stage.submit({ mode: "remote", runners: Array(50).fill(runner!) as [] });
    await stage.dispatches.reach(1);
    expect(stage.dispatches.calls).toHaveLength(1);
  });

  test("counts submits that are still being written", async () => {
    const stage = new Stage({ dispatches: inTestsHands(), maxInFlight: 1, maxBacklog: 10 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => stage.submit(request(4))),
    );
    const accepted = outcomes.filter(({ status }) => status === "fulfilled");
    expect(accepted).toHaveLength(2);
    for (const outcome of outcomes.slice(2)) {
      expect(outcome).toMatchObject({ reason: { code: "at_capacity" } });
    }
  });

  test("forgets a submit that the store refused", async () => {
    const { store } = faulty("submit", [1, 3]);
    const stage = new Stage({ store, dispatches: inTestsHands(), maxBacklog: 5 });
    for (let nth = 0; nth < 3; nth++) {
      await expect(stage.submit(request(5))).rejects.toMatchObject({ code: "store_unavailable" });
      expect(stage.orchestrator.backlog).toBe(0);
    }
    await stage.submit(request(5));
    await stage.dispatches.reach(5);
  });

  test("forgets a repeated submit", async () => {
    const stage = new Stage({ dispatches: inTestsHands(), maxInFlight: 1, maxBacklog: 9 });
    await stage.submit(request(4, { runId: "r" }));
    await stage.dispatches.reach(1);
    for (let nth = 0; nth < 5; nth++) await stage.submit(request(4, { runId: "r" }));
    expect(stage.orchestrator.backlog).toBe(3);
  });

  test.each(["a cancel", "the run's limit"])("is rid of a run that %s ended", async (what) => {
    const stage = new Stage({ dispatches: inTestsHands(), maxInFlight: 1 });
    const runId = await stage.submit(request(20, { timeout: 1_000 }));
    await stage.dispatches.reach(1);
    expect(stage.orchestrator.backlog).toBe(19);
    if (what === "a cancel") await stage.orchestrator.cancel(runId);
    else stage.clock.advance(1_000);
    await stage.ended(runId);
    await stage.orchestrator.ended(runId, 0);
    expect(stage.orchestrator.backlog).toBe(0);
  });

  test("does not refuse a repeated submit, nor do regions that are gone", async () => {
    const store = memoryStore();
    const full = new Stage({ store, dispatches: inTestsHands(), maxInFlight: 1, maxBacklog: 3 });
    const asked = request(3, { runId: "r" });
    await full.submit(asked);
    expect(await full.submit(asked)).toBe("r");
    const elsewhere = new Stage({ store, limits: { regions: new Set(["mars"]) } });
    expect(await elsewhere.submit(asked)).toBe("r");
    await expect(elsewhere.submit({ ...asked, tags: ["other"] })).rejects.toMatchObject({
      code: "run_conflict",
    });
    await full.ended("r", () => full.dispatches.inFlight[0]?.end());
  });

  test("counts what a start resumes: the jobs that were not dispatched yet", async () => {
    const store = memoryStore();
    const first = new Stage({ store, dispatches: inTestsHands() });
    await first.submit(request(10, { concurrency: 3 }));
    await first.dispatches.reach(3);
    const next = new Stage({
      store: reopened(store),
      dispatches: inTestsHands(),
      maxInFlight: 1,
      maxBacklog: 8,
    });
    await next.orchestrator.recover();
    expect(next.orchestrator.backlog).toBe(7);
    await expect(next.submit(request(2))).rejects.toMatchObject({ code: "at_capacity" });
    await next.submit(request(1));
  });
});

describe("fan-out order", () => {
  test("is the order of dispatch, across pages of the store", async () => {
    const stage = new Stage({ maxInFlight: 1 });
    await stage.ended(await stage.submit(request(600)));
    expect(stage.dispatches.urls).toEqual(request(600).runners.map(({ input }) => input!.url!));
  });
});
