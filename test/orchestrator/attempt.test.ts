import { describe, expect, test } from "bun:test";

import { aborted, Dispatches, indexOf, passed, request, Stage, unlucky } from "./stage.ts";

const inTestsHands = (): Dispatches => new Dispatches(() => undefined);

describe("a job's limit", () => {
  test("ends its job as timed_out, and the run with it", async () => {
    const stage = new Stage({
      dispatches: new Dispatches((job) => (indexOf(job) === 1 ? undefined : passed(job))),
    });
    const runId = await stage.submit(request(3, { jobTimeout: 500 }));
    await stage.observe("job.ended", 2);
    stage.clock.advance(499);
    expect(stage.dispatches.calls[1]!.signal.aborted).toBe(false);
    stage.clock.advance(1);
    expect(stage.dispatches.calls[1]!.signal.aborted).toBe(true);
    const { durationMs, jobs, state, summary } = await stage.ended(runId);
    expect(state).toBe("timed_out");
    expect(durationMs).toBe(500);
    expect(summary).toEqual({ total: 3, passed: 2, failed: 0, errored: 1 });
    expect(jobs.map(({ state }) => state)).toEqual(["completed", "timed_out", "completed"]);
    expect(jobs[1]).toMatchObject({
      attempts: 1,
      durationMs: 500,
      error: "The job's limit of 500 ms struck.",
      errorCode: "job_timed_out",
      errorSource: "timeout",
      results: [{ name: "runner", status: "error", errorSource: "timeout" }],
    });
  });

  test("lets the rest of the run go on", async () => {
    const stage = new Stage({
      dispatches: new Dispatches((job) => (indexOf(job) === 0 ? undefined : passed(job))),
    });
    const runId = await stage.submit(request(4, { jobTimeout: 500, concurrency: 1 }));
    await stage.dispatches.reach(1);
    stage.clock.advance(500);
    const { jobs } = await stage.ended(runId);
    expect(jobs.map(({ state }) => state)).toEqual(["timed_out", ...Array(3).fill("completed")]);
  });

  test("counts from the dispatch, not from acceptance", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(2, { jobTimeout: 500, concurrency: 1 }));
    await stage.dispatches.reach(1);
    stage.clock.advance(400);
    stage.dispatches.calls[0]!.end();
    await stage.dispatches.reach(2);
    stage.clock.advance(499);
    expect(stage.dispatches.calls[1]!.signal.aborted).toBe(false);
    stage.dispatches.calls[1]!.end();
    expect((await stage.ended(runId)).state).toBe("completed");
  });

  test("counts anew for each attempt", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(1, { jobTimeout: 500, retries: 1 }));
    await stage.dispatches.reach(1);
    stage.clock.advance(400);
    stage.dispatches.calls[0]!.end(unlucky());
    await stage.observe("job.retried", 1);
    stage.clock.advance(250);
    await stage.dispatches.reach(2);
    stage.clock.advance(499);
    expect(stage.dispatches.calls[1]!.signal.aborted).toBe(false);
    stage.clock.advance(1);
    const { jobs } = await stage.ended(runId);
    expect(jobs[0]).toMatchObject({ state: "timed_out", attempts: 2 });
  });

  test("is not repeated", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(1, { jobTimeout: 500, retries: 5 }));
    await stage.dispatches.reach(1);
    stage.clock.advance(500);
    expect((await stage.ended(runId)).jobs[0]).toMatchObject({ state: "timed_out", attempts: 1 });
  });

  test("does not undo what was complete when it struck", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(1, { jobTimeout: 500 }));
    await stage.dispatches.reach(1);
    stage.dispatches.calls[0]!.end();
    stage.clock.advance(500);
    expect((await stage.ended(runId)).state).toBe("completed");
  });

  test("does not take the blame for a failure before it", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(1, { jobTimeout: 500 }));
    await stage.dispatches.reach(1);
    stage.dispatches.calls[0]!.end(aborted);
    const { jobs, state } = await stage.ended(runId);
    expect(state).toBe("failed");
    expect(jobs[0]?.errorCode).toBe(aborted.errorCode!);
  });

  test("is the server's for runs that name none, else the run's own", async () => {
    const stage = new Stage({ dispatches: inTestsHands(), jobTimeoutMs: 300 });
    const plain = await stage.submit(request(1));
    const own = await stage.submit(request(1, { jobTimeout: 900 }));
    await stage.dispatches.reach(2);
    stage.clock.advance(300);
    expect((await stage.ended(plain)).state).toBe("timed_out");
    expect(stage.dispatches.inFlight).toHaveLength(1);
    stage.clock.advance(600);
    expect((await stage.ended(own)).state).toBe("timed_out");
  });

  test("yields to the run's limit when both strike", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(1, { jobTimeout: 500, timeout: 500 }));
    await stage.dispatches.reach(1);
    stage.clock.advance(500);
    const { jobs, state } = await stage.ended(runId);
    expect(state).toBe("timed_out");
    expect(jobs[0]?.errorCode).toBe("run_timed_out");
  });
});
