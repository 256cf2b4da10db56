import { describe, expect, test } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { Dispatches, HOUR, indexOf, passed, request, Stage } from "./stage.ts";

const inTestsHands = (): Dispatches => new Dispatches(() => undefined);

describe("the run's limit", () => {
  test("aborts what is in flight and times out what is queued", async () => {
    const stage = new Stage({
      dispatches: new Dispatches((job) => (indexOf(job) === 0 ? passed(job) : undefined)),
    });
    const { runners, ...rest } = request(5, { concurrency: 2, timeout: 1_000 });
    const twice = runners.flatMap((runner) => [runner, runner]);
    const runId = await stage.submit({ ...rest, runners: twice });
    await stage.dispatches.reach(3);
    await eventually("the first job is kept", async () => {
      return (await stage.store.findStatus(runId))?.completedJobs === 1;
    });
    stage.clock.advance(1_000);
    const summary = await stage.ended(runId);

    expect(summary.state).toBe("timed_out");
    expect(summary.summary).toEqual({ total: 10, passed: 2, failed: 0, errored: 8 });
    expect(summary.durationMs).toBe(1_000);
    expect(summary.jobs.map(({ attempts, state }) => `${state} ${attempts}`)).toEqual([
      "completed 1",
      "timed_out 1",
      "timed_out 1",
      "timed_out 0",
      "timed_out 0",
    ]);
    expect(summary.jobs.map(({ error }) => error)).toEqual([
      undefined,
      "The run's limit of 1000 ms struck while this job was in flight.",
      "The run's limit of 1000 ms struck while this job was in flight.",
      "The run's limit of 1000 ms struck before this job had its turn.",
      "The run's limit of 1000 ms struck before this job had its turn.",
    ]);
    for (const { error, results } of summary.jobs.slice(1)) {
      const expected = {
        name: "runner",
        status: "error",
        errorMessage: error!,
        errorCode: "run_timed_out",
        errorSource: "timeout",
      };
      expect(results as unknown).toEqual([expected, expected]);
    }
    expect(stage.dispatches.calls.every(({ ended }) => ended)).toBe(true);
  });

  test("lets nothing start afterwards", async () => {
    const stage = new Stage({ dispatches: inTestsHands(), maxInFlight: 1 });
    const runId = await stage.submit(request(300, { timeout: 1_000 }));
    await stage.dispatches.reach(1);
    stage.clock.advance(1_000);
    expect((await stage.ended(runId)).summary.errored).toBe(300);
    expect(stage.dispatches.calls).toHaveLength(1);
    // Its permit is free again.
    const other = await stage.submit(request(1));
    await stage.dispatches.reach(2);
    stage.dispatches.calls[1]!.end();
    expect((await stage.ended(other)).state).toBe("completed");
  });

  test("times out a run that never got a permit", async () => {
    const stage = new Stage({ dispatches: inTestsHands(), maxInFlight: 1 });
    const holder = await stage.submit(request(1));
    await stage.dispatches.reach(1);
    const runId = await stage.submit(request(2, { timeout: 500 }));
    stage.clock.advance(500);
    const summary = await stage.ended(runId);
    expect(summary.state).toBe("timed_out");
    expect(summary.jobs.map(({ state }) => state)).toEqual(["timed_out", "timed_out"]);
    expect(stage.dispatches.calls).toHaveLength(1);
    stage.dispatches.calls[0]!.end();
    expect((await stage.ended(holder)).state).toBe("completed");
  });

  test("does not strike a millisecond early", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(1, { timeout: 1_000 }));
    await stage.dispatches.reach(1);
    stage.clock.advance(999);
    expect(stage.dispatches.calls[0]!.signal.aborted).toBe(false);
    stage.clock.advance(1);
    expect(stage.dispatches.calls[0]!.signal.aborted).toBe(true);
    expect((await stage.ended(runId)).state).toBe("timed_out");
  });

  test("is the server's when the run names none", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(1));
    await stage.dispatches.reach(1);
    stage.clock.advance(HOUR - 1);
    expect(stage.dispatches.calls[0]!.signal.aborted).toBe(false);
    stage.clock.advance(1);
    expect((await stage.ended(runId)).state).toBe("timed_out");
  });

  test("strikes its own run only", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const short = await stage.submit(request(2, { timeout: 100 }));
    const long = await stage.submit(request(2, { timeout: 10_000 }));
    await stage.dispatches.reach(4);
    stage.clock.advance(100);
    expect((await stage.ended(short)).state).toBe("timed_out");
    const { inFlight } = stage.dispatches;
    expect(inFlight.map(({ job }) => job.runId)).toEqual([long, long]);
    for (const call of inFlight) call.end();
    expect((await stage.ended(long)).state).toBe("completed");
  });

  test("does not undo what was complete when it struck", async () => {
    const dispatches = inTestsHands();
    const stage = new Stage({ dispatches });
    const runId = await stage.submit(request(2, { timeout: 100 }));
    await dispatches.reach(2);
    dispatches.calls[0]!.end();
    stage.clock.advance(100);
    const { jobs, state, summary } = await stage.ended(runId);
    expect(state).toBe("timed_out");
    expect(jobs.map(({ state }) => state)).toEqual(["completed", "timed_out"]);
    expect(summary).toEqual({ total: 2, passed: 1, failed: 0, errored: 1 });
  });

  test("leaves no trace on a run that ended before", async () => {
    const stage = new Stage();
    const runId = await stage.submit(request(1, { timeout: 100 }));
    const before = await stage.ended(runId);
    stage.clock.advance(10_000);
    await stage.orchestrator.close(0);
    expect(await stage.summary(runId)).toEqual(before);
  });
});
