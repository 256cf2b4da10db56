import { describe, expect, test } from "bun:test";

import type { RunEvent } from "../../src/domain/event.ts";
import { present } from "../../src/lib/present.ts";
import { eventually } from "../support/eventually.ts";
import { faulty, type Method } from "./faulty-store.ts";
import { Dispatches, indexOf, request, Stage } from "./stage.ts";

describe("a store that is away for a while", () => {
  const calls: readonly [Method, readonly [number, number]][] = [
    ["pendingJobs", [1, 1]],
    ["pendingJobs", [1, 4]],
    ["startJobs", [1, 3]],
    ["startJobs", [2, 5]],
    ["endJobs", [1, 3]],
    ["endJobs", [3, 9]],
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
    const { fired, store } = faulty("endJobs", [1, 5]);
    const stage = new Stage({ store });
    const runId = await stage.submit(request(3, { concurrency: 1 }));
    await eventually("the outage shows", () => fired() > 0);
    const closed = stage.orchestrator.close(0);
    stage.clock.advance(1_000);
    await closed;
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

describe("the log of an outage", () => {
  test("tells it once, however many runs wait for its end, and that it is over", async () => {
    const { fired, store } = faulty("startJobs", [1, 60]);
    const stage = new Stage({ store });
    const runs = await Promise.all(Array.from({ length: 20 }, () => stage.submit(request(1))));
    for (const runId of runs) await stage.ended(runId, () => stage.clock.advance(100));
    expect(fired()).toBe(60);
    expect(told(stage)).toEqual([
      { level: "error", message: "run store unavailable; trying again", times: 1 },
      { level: "info", message: "run store available again" },
    ]);
  });

  test("repeats it now and then, with how often it was met since", async () => {
    const { store } = faulty("endRun", [1, 100]);
    const stage = new Stage({ store });
    await stage.ended(await stage.submit(request(1)), () => stage.clock.advance(100));
    const times = told(stage).flatMap((line) => line["times"] ?? []);
    expect(times.length).toBeWithin(3, 6);
    expect(times.at(1)).toBeGreaterThan(20);
  });
});

/** What the log says of the store, with how often that happened. */
function told({ logged }: Stage): Readonly<Record<string, unknown>>[] {
  return logged
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ message }) => String(message).startsWith("run store"))
    .map(({ level, message, times }) => ({ level, message, ...present({ times }) }));
}

describe("the events of a run", () => {
  test("reach a reader that follows them, whatever the store refused meanwhile", async () => {
    const { fired, store } = faulty("endJobs", [1, 1]);
    const stage = new Stage({ store, dispatches: new Dispatches(() => undefined) });
    const runId = await stage.submit(request(2));
    const seen: RunEvent[] = [];
    const follow = async (): Promise<void> => {
      seen.push(...(await store.findEvents(runId, seen.at(-1)?.id ?? 0, 100)));
    };
    await stage.dispatches.reach(2);
    stage.dispatches.calls[0]!.end();
    await eventually("the first end is refused", () => fired() === 1);
    stage.dispatches.calls[1]!.end();
    await stage.observe("job.ended", 1);
    await follow();
    // Only now is the first end kept: after the reader has seen the second.
    await stage.ended(runId, () => stage.clock.advance(1_000));
    await follow();
    const finished = seen.flatMap((event) =>
      event.type === "job.finished" ? [event.data.job] : [],
    );
    expect(finished.map(indexOf)).toEqual([1, 0]);
    expect(seen.map(({ id }) => id)).toEqual(seen.map(({ id }) => id).toSorted((a, b) => a - b));
    expect(seen.at(-1)?.type).toBe("run.finished");
  });
});
