import { describe, expect, test } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { Dispatches, memoryStore, passed, request, Stage } from "./stage.ts";

const inTestsHands = (): Dispatches => new Dispatches(() => undefined);
const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let done = false;
  void promise.finally(() => (done = true));
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  return done;
};

describe("Orchestrator.submit", () => {
  test("names a run that names none", async () => {
    const stage = new Stage();
    expect(await stage.submit(request(1))).toMatch(/^run_[0-9a-f-]{36}$/);
    expect(await stage.submit(request(1, { runId: "mine" }))).toBe("mine");
  });

  test("keeps the run before it answers", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(3));
    expect(await stage.store.findStatus(runId)).toMatchObject({ totalJobs: 3 });
    expect((await stage.store.findJobs(runId, -1, 10)).map(({ jobId }) => jobId)).toEqual(
      Array(3).fill(expect.stringMatching(/^job_[0-9a-f-]{36}$/)),
    );
  });

  test("sends each mode its own way", async () => {
    const stage = new Stage();
    const remote = await stage.submit(request(1));
    const local = await stage.submit(request(2, { mode: "local" }));
    await Promise.all([stage.ended(remote), stage.ended(local)]);
    expect(stage.dispatches.calls.map(({ job }) => job.runId)).toEqual([remote]);
    expect(stage.local.calls.map(({ job }) => job.runId)).toEqual([local, local]);
  });

  test("refuses a local run of a runner that is not here", async () => {
    const stage = new Stage();
    const { runners } = request(1);
    const unknown = { ...request(1, { mode: "local" }), runners: [{ ...runners[0]!, name: "x" }] };
    await expect(stage.submit(unknown)).rejects.toMatchObject({ code: "unknown_runner" });
    expect(stage.local.calls).toHaveLength(0);
  });

  test("keeps nothing of a request it refuses", async () => {
    const stage = new Stage();
    const { runners } = request(1);
    const lost = { ...request(1), runId: "lost", runners: [{ ...runners[0]!, region: "mars" }] };
    await expect(stage.submit(lost)).rejects.toMatchObject({ code: "unknown_region" });
    expect(await stage.store.findRun("lost")).toBeUndefined();
  });

  test("answers a repeated run id without a second run", async () => {
    const stage = new Stage();
    const submit = () =>
      stage.orchestrator.submit(request(2, { runId: "r" }), { requestDigest: "d" });
    expect(await submit()).toEqual({ runId: "r", replayed: false });
    expect(await submit()).toEqual({ runId: "r", replayed: true });
    await stage.ended("r");
    expect(await submit()).toEqual({ runId: "r", replayed: true });
    await stage.orchestrator.close(0);
    expect(stage.dispatches.calls).toHaveLength(2);
  });

  test("answers a repeated idempotency key with the run it made", async () => {
    const stage = new Stage();
    const submit = () =>
      stage.orchestrator.submit(request(1), { requestDigest: "d", idempotencyKey: "k" });
    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, submit));
    expect(first!.replayed).toBe(false);
    for (const other of others) expect(other).toEqual({ runId: first!.runId, replayed: true });
    await stage.ended(first!.runId);
    expect(stage.dispatches.calls).toHaveLength(1);
  });

  test("makes one run of each key among 5 000 concurrent submits", async () => {
    const stage = new Stage();
    const keys = 500;
    const answers = await Promise.all(
      Array.from({ length: 5_000 }, (_, nth) =>
        stage.orchestrator.submit(request(1), {
          requestDigest: "d",
          idempotencyKey: `k${nth % keys}`,
        }),
      ),
    );
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(keys);
    const ids = answers.slice(0, keys).map(({ runId }) => runId);
    expect(new Set(ids).size).toBe(keys);
    expect(answers.map(({ runId }) => runId)).toEqual(answers.map((_, nth) => ids[nth % keys]!));
    await Promise.all(ids.map((runId) => stage.ended(runId)));
    expect(stage.dispatches.calls.map(({ job }) => job.runId).toSorted()).toEqual(ids.toSorted());
    expect(stage.orchestrator.backlog).toBe(0);
  });

  test("refuses an id and a key of two different runs", async () => {
    const stage = new Stage();
    const options = { requestDigest: "d" };
    await stage.orchestrator.submit(request(1, { runId: "a" }), options);
    await stage.orchestrator.submit(request(1, { runId: "b" }), {
      ...options,
      idempotencyKey: "k",
    });
    const torn = stage.orchestrator.submit(request(1, { runId: "a" }), {
      ...options,
      idempotencyKey: "k",
    });
    await expect(torn).rejects.toMatchObject({ code: "run_conflict" });
  });

  test.each([
    ["run id", { runId: "r" }, undefined],
    ["idempotency key", {}, "k"],
  ] as const)("refuses a reused %s with another body", async (_, change, idempotencyKey) => {
    const stage = new Stage();
    const submit = (requestDigest: string) =>
      stage.orchestrator.submit(request(1, change), {
        requestDigest,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
    const { runId } = await submit("one");
    await expect(submit("two")).rejects.toMatchObject({
      code: "run_conflict",
      message: expect.stringContaining(runId),
    });
    await stage.ended(runId);
    expect(stage.dispatches.calls).toHaveLength(1);
  });
});

describe("Orchestrator.close", () => {
  test("refuses further runs", async () => {
    const stage = new Stage();
    await stage.orchestrator.close(0);
    await expect(stage.submit(request(1))).rejects.toMatchObject({ code: "draining" });
  });

  test("lets what is in flight end, and starts nothing more", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(5, { concurrency: 2 }));
    await stage.dispatches.reach(2);
    const closed = stage.orchestrator.close(10_000);
    expect(await settled(closed)).toBe(false);
    expect(stage.dispatches.calls.some(({ signal }) => signal.aborted)).toBe(false);
    for (const call of stage.dispatches.calls) call.end();
    await closed;
    expect(stage.dispatches.calls).toHaveLength(2);
    expect(await stage.store.findStatus(runId)).toMatchObject({
      state: "running",
      completedJobs: 2,
      runningJobs: 0,
      queuedJobs: 3,
    });
  });

  test("ends a run whose last jobs end during the drain", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(2));
    await stage.dispatches.reach(2);
    const closed = stage.orchestrator.close(10_000);
    for (const call of stage.dispatches.calls) call.end();
    await closed;
    expect((await stage.summary(runId)).state).toBe("completed");
  });

  test("aborts what outlasts the drain and leaves it to be resumed", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(3, { concurrency: 2 }));
    await stage.dispatches.reach(2);
    const closed = stage.orchestrator.close(500);
    stage.dispatches.calls[0]!.end();
    stage.clock.advance(499);
    expect(stage.dispatches.calls[1]!.signal.aborted).toBe(false);
    stage.clock.advance(1);
    await closed;
    expect(stage.dispatches.calls[1]!.signal.aborted).toBe(true);
    const { jobs, state, summary } = await stage.summary(runId);
    expect(state).toBe("running");
    expect(summary).toEqual({ total: 3, passed: 1, failed: 0, errored: 0 });
    expect(jobs.map(({ state }) => state)).toEqual(["completed", "running", "queued"]);
    expect(jobs.map(({ results }) => results.length)).toEqual([1, 0, 0]);
  });

  test("times a run out whose limit strikes during the drain", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(2, { concurrency: 1, timeout: 100 }));
    await stage.dispatches.reach(1);
    const closed = stage.orchestrator.close(10_000);
    stage.clock.advance(100);
    await closed;
    expect((await stage.summary(runId)).jobs.map(({ state }) => state)).toEqual([
      "timed_out",
      "timed_out",
    ]);
  });

  test("leaves a run that was accepted while the drain began to the next start", async () => {
    const store = memoryStore();
    const stage = new Stage({ store });
    const submitted = stage.submit(request(1));
    await stage.orchestrator.close(0);
    const runId = await submitted;
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    expect(stage.dispatches.calls).toHaveLength(0);
    expect((await stage.summary(runId)).state).toBe("queued");
    const next = new Stage({ store });
    await next.orchestrator.recover();
    expect((await next.ended(runId)).state).toBe("completed");
  });

  test("waits for every write, so that the store may be closed next", async () => {
    const stage = new Stage({ dispatches: new Dispatches(passed) });
    await Promise.all(Array.from({ length: 20 }, () => stage.submit(request(20))));
    const closed = stage.orchestrator.close(1_000);
    await eventually("the drain ends", () => settled(closed));
    await stage.store.close();
    await new Promise(setImmediate);
    expect(stage.logged.filter((line) => line.includes('"error"'))).toEqual([]);
  });
});
