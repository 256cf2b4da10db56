import { describe, expect, test } from "bun:test";

import { Dispatches, indexOf, memoryStore, reopened, request, Stage, unlucky } from "./stage.ts";

const inTestsHands = (): Dispatches => new Dispatches(() => undefined);

/** A store in which a process left a run of six jobs: one ended, three in flight, two queued. */
async function left(): Promise<{ store: ReturnType<typeof memoryStore>; runId: string }> {
  const store = memoryStore();
  const first = new Stage({ store, dispatches: inTestsHands() });
  const { runners, ...rest } = request(6, { concurrency: 3 });
  const runId = await first.submit({ ...rest, runners: runners.flatMap((it) => [it, it]) });
  await first.dispatches.reach(3);
  first.dispatches.calls[0]!.end();
  await first.dispatches.reach(4);
  return { store: reopened(store), runId };
}

describe("jobs that were in flight when a process ended", () => {
  test("are dispatched again", async () => {
    const { runId, store } = await left();
    const next = new Stage({ store });
    await next.orchestrator.recover();
    const { jobs, state } = await next.ended(runId);
    expect(state).toBe("completed");
    expect(jobs.map(({ attempts }) => attempts)).toEqual([1, 2, 2, 2, 1, 1]);
  });

  test("are errors where a second dispatch would do harm", async () => {
    const { runId, store } = await left();
    const next = new Stage({ store, onInterrupted: "fail" });
    await next.orchestrator.recover();
    const { jobs, state, summary } = await next.ended(runId);
    expect(state).toBe("failed");
    expect(summary).toEqual({ total: 12, passed: 6, failed: 0, errored: 6 });
    expect(next.dispatches.calls.map(({ job }) => indexOf(job))).toEqual([4, 5]);
    expect(jobs.map(({ state }) => state)).toEqual([
      "completed",
      ...Array(3).fill("failed"),
      ...Array(2).fill("completed"),
    ]);
    expect(jobs[2]).toMatchObject({
      attempts: 1,
      error: "The orchestrator was stopped while this job was in flight.",
      errorCode: "interrupted",
      errorSource: "orchestrator",
    });
    expect(jobs[2]?.results).toHaveLength(2);
  });

  test("are errors even if they were waiting for another attempt", async () => {
    const store = memoryStore();
    const first = new Stage({ store, dispatches: new Dispatches(() => unlucky(60_000)) });
    const runId = await first.submit(request(1, { retries: 3 }));
    await first.observe("job.retried", 1);
    await first.orchestrator.close(0);
    const next = new Stage({ store, onInterrupted: "fail" });
    await next.orchestrator.recover();
    expect((await next.ended(runId)).jobs[0]).toMatchObject({ errorCode: "interrupted" });
    expect(next.dispatches.calls).toEqual([]);
  });

  test("are cancelled with their run, if that was asked for", async () => {
    const { runId, store } = await left();
    await store.requestCancel(runId, 0);
    const next = new Stage({ store, onInterrupted: "fail" });
    await next.orchestrator.recover();
    const { state, summary } = await next.ended(runId);
    expect(state).toBe("cancelled");
    expect(summary.passed + summary.errored).toBe(12);
    expect(next.dispatches.calls).toEqual([]);
  });
});
