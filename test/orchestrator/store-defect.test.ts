import { describe, expect, test } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { faulty, type Method } from "./faulty-store.ts";
import { Dispatches, indexOf, passed, request, Stage, turns, unlucky } from "./stage.ts";

const defect = (): Error => new TypeError("defect with s3cret");

describe("a store with a defect", () => {
  const cases: readonly [Method, number][] = [
    ["pendingJobs", 1],
    ["pendingJobs", 2],
    ["regionsOf", 1],
    ["startJobs", 1],
    ["startJobs", 3],
    ["endJobs", 1],
    ["endJobs", 3],
    ["tally", 1],
    ["endRun", 1],
  ];

  test.each(cases)("never hangs a run: %s fails on call %d", async (method, call) => {
    const { fired, store } = faulty(method, [call, call], defect);
    const stage = new Stage({ store, maxInFlightPerRegion: 2 });
    const runId = await stage.submit(request(5, { concurrency: 2 }));
    const { jobs, state, summary } = await stage.ended(runId);
    expect(fired()).toBe(1);
    // Every job is accounted for: as it was answered, or as what it fell victim to.
    expect(jobs.flatMap(({ results }) => results)).toHaveLength(5);
    expect(summary.passed + summary.errored).toBe(5);
    for (const job of jobs) {
      if (job.state === "completed") continue;
      expect(job).toMatchObject({
        state: "failed",
        errorCode: "internal",
        errorSource: "orchestrator",
      });
    }
    const broken = jobs.some((job) => job.state !== "completed");
    expect(state).toBe(broken ? "failed" : "completed");
    if (["startJobs", "endJobs", "regionsOf"].includes(method)) expect(broken).toBe(true);
    expect(JSON.stringify(jobs)).not.toContain("s3cret");
    expect(stage.logged.join("")).toContain("defect with s3cret");
  });

  test.each(["timed_out", "cancelled"] as const)(
    "still ends a run that %s when its open jobs cannot be ended at first",
    async (expected) => {
      const { fired, store } = faulty("endOpenJobs", [1, 1], defect);
      const stage = new Stage({ store, dispatches: new Dispatches(() => undefined) });
      const runId = await stage.submit(request(3, { concurrency: 1, timeout: 100 }));
      await stage.dispatches.reach(1);
      if (expected === "cancelled") await stage.orchestrator.cancel(runId);
      else stage.clock.advance(100);
      const { state, summary } = await stage.ended(runId);
      expect(fired()).toBe(1);
      expect(state).toBe(expected);
      expect(summary).toEqual({ total: 3, passed: 0, failed: 0, errored: 3 });
    },
  );

  test("lets what is in flight end, and starts nothing more", async () => {
    const { fired, store } = faulty("startJobs", [2, 2], defect);
    const stage = new Stage({ store, dispatches: new Dispatches(() => undefined) });
    const runId = await stage.submit(request(9, { concurrency: 3 }));
    await stage.dispatches.reach(3);
    stage.dispatches.calls[0]!.end();
    await eventually("the defect shows", () => fired() === 1);
    await turns();
    const { calls, inFlight } = stage.dispatches;
    expect(inFlight).toHaveLength(2);
    expect(calls.some(({ signal }) => signal.aborted)).toBe(false);
    const started = calls.map(({ job }) => indexOf(job));
    for (const call of inFlight) call.end();
    const { jobs, state } = await stage.ended(runId);
    expect(state).toBe("failed");
    expect(calls).toHaveLength(started.length);
    for (const job of jobs) {
      expect(job.state).toBe(started.includes(indexOf(job)) ? "completed" : "failed");
    }
  });

  test("ends jobs that wait for another attempt", async () => {
    const { store } = faulty("startJobs", [2, 2], defect);
    const stage = new Stage({
      store,
      dispatches: new Dispatches((_, nth) => (nth === 1 ? unlucky(5_000) : undefined)),
    });
    const runId = await stage.submit(request(2, { concurrency: 1, retries: 1 }));
    const { jobs } = await stage.ended(runId);
    expect(jobs.map(({ errorCode }) => errorCode)).toEqual(["internal", "internal"]);
  });

  test("breaks off its own run only, and holds no permit", async () => {
    const { store } = faulty("startJobs", [1, 1], defect);
    const stage = new Stage({ store, maxInFlight: 1, maxInFlightPerRegion: 1 });
    const broken = await stage.submit(request(2));
    const other = await stage.submit(request(3));
    expect((await stage.ended(broken)).state).toBe("failed");
    expect((await stage.ended(other)).summary.passed).toBe(3);
    expect(stage.orchestrator.backlog).toBe(0);
  });

  test("that lasts leaves the run to the next start", async () => {
    const { store } = faulty("endRun", [1, 100], defect);
    const stage = new Stage({ store });
    const runId = await stage.submit(request(2));
    await eventually("the run is given up", () => stage.orchestrator.activeRuns === 0);
    expect(stage.logged.join("")).toContain("run execution failed");
    const { jobs, state } = await stage.summary(runId);
    expect(state).toBe("running");
    expect(jobs.flatMap(({ results }) => results)).toHaveLength(2);
  });

  test("leaves a draining run to be resumed, if nobody lost anything of it", async () => {
    const { fired, store } = faulty("pendingJobs", [2, 2]);
    const stage = new Stage({ store, dispatches: new Dispatches(() => undefined) });
    const runId = await stage.submit(request(2, { concurrency: 1 }));
    await stage.dispatches.reach(1);
    const closed = stage.orchestrator.close(60_000);
    stage.dispatches.calls[0]!.end();
    await eventually("the store is away", () => fired() === 1);
    stage.clock.advance(1_000);
    await closed;
    const next = new Stage({ store, dispatches: new Dispatches(passed) });
    await next.orchestrator.recover();
    expect((await next.ended(runId)).summary.passed).toBe(2);
  });
});
