import { afterEach, beforeEach, describe, expect, test } from "bun:test";

import type { JobOutcome } from "../../src/dispatch/dispatch.ts";
import type { RunnerRequest, RunRequest } from "../../src/domain/run.ts";
import { rerunRequest } from "../../src/orchestrator/rerun.ts";
import type { RunStore } from "../../src/store/store.ts";
import { Dispatches, memoryStore, request, Stage } from "./stage.ts";

let store: RunStore;

beforeEach(() => {
  store = memoryStore();
});

afterEach(() => store.close());

const statusOf = (name: string) => (name === "fail" || name === "error" ? name : "pass");

/** Each runner answers as its name says; a job with a runner "lost" is not answered at all. */
const asNamed = new Dispatches(({ runners }): JobOutcome => {
  if (runners.some(({ name }) => name === "lost")) return { state: "failed", error: "Lost." };
  return {
    state: "completed",
    results: runners.map(({ name }) => ({ name, status: statusOf(name) })),
  };
});

const runner = (name: string, region: string, page: string, depth = 0) => ({
  name,
  region,
  input: { url: `https://example.com/${page}`, depth },
});

const depthOf = ({ input }: RunnerRequest): number =>
  Number((input as { readonly depth?: unknown })["depth"]);

const mixed: RunRequest = {
  mode: "remote",
  runners: [
    runner("pass", "eu", "a", 1),
    runner("fail", "eu", "a", 2),
    runner("pass", "us", "a", 3),
    runner("error", "us", "b", 4),
    runner("pass", "eu", "c", 5),
    runner("lost", "eu", "c", 6),
    runner("fail", "eu", "a", 7),
  ],
};

async function ended(asked: RunRequest): Promise<string> {
  const stage = new Stage({ store, dispatches: asNamed });
  const runId = await stage.submit(asked);
  await stage.ended(runId);
  return runId;
}

describe("rerunRequest", () => {
  test("of the failed takes exactly the runners whose result is not pass", async () => {
    const { runners } = await rerunRequest(store, await ended(mixed), "failed");
    expect(runners).toEqual([
      runner("fail", "eu", "a", 2),
      runner("fail", "eu", "a", 7),
      runner("error", "us", "b", 4),
      runner("pass", "eu", "c", 5),
      runner("lost", "eu", "c", 6),
    ]);
  });

  test("of all takes every runner", async () => {
    const { runners } = await rerunRequest(store, await ended(mixed), "all");
    const byDepth = runners.toSorted((a, b) => depthOf(a) - depthOf(b));
    expect(byDepth).toEqual(mixed.runners);
  });

  test("keeps what the run was submitted with, but for its id", async () => {
    const kept = { tags: ["a"], concurrency: 2, timeout: 5_000, jobTimeout: 900, retries: 1 };
    const runId = await ended({ ...mixed, ...kept, runId: "first" });
    const { runners: _, ...again } = await rerunRequest(store, runId, "all");
    expect(again).toEqual({ mode: "remote", ...kept });
  });

  test("reads runs of more jobs than a page holds", async () => {
    const runId = await ended(request(600));
    const { runners } = await rerunRequest(store, runId, "all");
    expect(runners).toEqual(request(600).runners);
  });

  test("of a run all of whose runners passed is nothing_to_rerun", async () => {
    const runId = await ended(request(3));
    await expect(rerunRequest(store, runId, "failed")).rejects.toMatchObject({
      code: "nothing_to_rerun",
      message: expect.stringContaining(runId),
    });
    expect((await rerunRequest(store, runId, "all")).runners).toHaveLength(3);
  });

  test.each(["failed", "all"] as const)("of an unknown run is run_not_found (%s)", async (only) => {
    await expect(rerunRequest(store, "r", only)).rejects.toMatchObject({ code: "run_not_found" });
  });

  test.each(["failed", "all"] as const)(
    "of a run in progress is run_not_ended (%s)",
    async (only) => {
      const stage = new Stage({ store, dispatches: new Dispatches(() => undefined) });
      const runId = await stage.submit(request(1));
      await expect(rerunRequest(store, runId, only)).rejects.toMatchObject({
        code: "run_not_ended",
      });
    },
  );
});

describe("Orchestrator.rerun", () => {
  test("submits a new run that knows its parent, and leaves that as it was", async () => {
    const parent = await ended(mixed);
    const before = await store.findRun(parent);
    const stage = new Stage({ store, dispatches: asNamed });
    const { replayed, runId } = await stage.orchestrator.rerun(parent, "failed");
    expect(replayed).toBe(false);
    expect(runId).not.toBe(parent);
    expect(await stage.ended(runId)).toMatchObject({
      parentRunId: parent,
      state: "failed",
      summary: { total: 5, passed: 0, failed: 2, errored: 3 },
    });
    expect(await store.findRun(parent)).toEqual(before);
  });

  test("of a rerun names the rerun as parent", async () => {
    const first = await ended(mixed);
    const stage = new Stage({ store, dispatches: asNamed });
    const second = (await stage.orchestrator.rerun(first, "all")).runId;
    await stage.ended(second);
    const third = (await stage.orchestrator.rerun(second, "failed")).runId;
    expect((await stage.ended(third)).parentRunId).toBe(second);
  });

  test("takes the runners of a cancelled run that had no turn", async () => {
    const stage = new Stage({ store, dispatches: new Dispatches(() => undefined) });
    const runId = await stage.submit(request(3, { concurrency: 1 }));
    await stage.dispatches.reach(1);
    await stage.orchestrator.cancel(runId);
    expect((await rerunRequest(store, runId, "failed")).runners).toHaveLength(3);
  });

  test("repeated under one idempotency key is one run", async () => {
    const parent = await ended(mixed);
    const stage = new Stage({ store, dispatches: asNamed });
    const rerun = (only: "failed" | "all") => stage.orchestrator.rerun(parent, only, "k");
    const first = await rerun("failed");
    expect(await rerun("failed")).toEqual({ runId: first.runId, replayed: true });
    await expect(rerun("all")).rejects.toMatchObject({ code: "run_conflict" });
    await stage.ended(first.runId);
  });

  test("without a key is a new run each time", async () => {
    const parent = await ended(mixed);
    const stage = new Stage({ store, dispatches: asNamed });
    const both = await Promise.all([1, 2].map(() => stage.orchestrator.rerun(parent, "all")));
    expect(both.map(({ replayed }) => replayed)).toEqual([false, false]);
    expect(both[0]!.runId).not.toBe(both[1]!.runId);
    await Promise.all(both.map(({ runId }) => stage.ended(runId)));
  });

  test("is held to the limits of now", async () => {
    const parent = await ended({ ...mixed, timeout: 60_000 });
    const rerun = (limits: object) =>
      new Stage({ store, limits }).orchestrator.rerun(parent, "all");
    await expect(rerun({ maxRunners: 6 })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(rerun({ regions: new Set(["eu"]) })).rejects.toMatchObject({
      code: "unknown_region",
    });
  });

  test("has no longer than runs may have now", async () => {
    const parent = await ended({ ...mixed, timeout: 60_000 });
    const stage = new Stage({ store, limits: { maxRunTimeMs: 59_999 } });
    const { runId } = await stage.orchestrator.rerun(parent, "all");
    expect(await store.findSettings(runId)).toMatchObject({ timeout: 59_999 });
    await stage.orchestrator.close(0);
  });

  test("is refused while draining", async () => {
    const parent = await ended(mixed);
    const stage = new Stage({ store });
    await stage.orchestrator.close(0);
    await expect(stage.orchestrator.rerun(parent, "all")).rejects.toMatchObject({
      code: "draining",
    });
  });
});
