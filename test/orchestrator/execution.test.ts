import { describe, expect, test } from "bun:test";

import { fanoutJobs } from "../../src/orchestrator/fanout.ts";
import { eventually } from "../support/eventually.ts";
import { random } from "../support/random.ts";
import { aborted, Dispatches, HOUR, indexOf, passed, request, Stage } from "./stage.ts";

const inTestsHands = (): Dispatches => new Dispatches(() => undefined);

describe("RunExecution", () => {
  test("ends a run whose jobs all pass as completed", async () => {
    const stage = new Stage();
    const runId = await stage.submit(request(5, { tags: ["nightly"] }));
    const summary = await stage.ended(runId);
    expect(summary).toMatchObject({
      runId,
      mode: "remote",
      tags: ["nightly"],
      state: "completed",
      summary: { total: 5, passed: 5, failed: 0, errored: 0 },
      durationMs: 0,
    });
    expect(summary.jobs.map(indexOf)).toEqual([0, 1, 2, 3, 4]);
    for (const job of summary.jobs) expect(job).toMatchObject({ state: "completed", attempts: 1 });
    expect(stage.dispatches.calls.map(({ job }) => job.runId)).toEqual(Array(5).fill(runId));
  });

  test("hands each dispatch what the fan-out planned", async () => {
    const stage = new Stage();
    const { runners, ...rest } = request(2);
    const twin = { ...runners[0]!, name: "twin", input: { ...runners[0]!.input, depth: 2 } };
    const all = [...runners, twin];
    const summary = await stage.ended(await stage.submit({ ...rest, runners: all }));
    expect(
      stage.dispatches.calls.map(({ job: { region, runners, url } }) => ({ url, region, runners })),
    ).toEqual(fanoutJobs(all) as never);
    expect(stage.dispatches.calls.map(({ job }) => job.jobId)).toEqual(
      summary.jobs.map(({ jobId }) => jobId),
    );
  });

  test("a failed verdict is a completed job; a failed job is a failed run", async () => {
    const stage = new Stage({
      dispatches: new Dispatches((job) =>
        indexOf(job) === 0
          ? { state: "completed", results: [{ name: "runner", status: "fail" }] }
          : { state: "failed", error: "It answered 500.", errorSource: "transport" },
      ),
    });
    const { jobs, state, summary } = await stage.ended(await stage.submit(request(2)));
    expect(state).toBe("failed");
    expect(summary).toEqual({ total: 2, passed: 0, failed: 1, errored: 1 });
    expect(jobs[0]).toMatchObject({ state: "completed", results: [{ status: "fail" }] });
    expect(jobs[1]).toMatchObject({
      state: "failed",
      error: "It answered 500.",
      results: [{ name: "runner", status: "error", errorMessage: "It answered 500." }],
    });
  });

  test("reports what is known while the run goes on", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(3, { concurrency: 2 }));
    await stage.dispatches.reach(2);
    stage.dispatches.calls[0]!.end();
    await stage.dispatches.reach(3);
    expect(await stage.store.findStatus(runId)).toMatchObject({
      state: "running",
      totalJobs: 3,
      completedJobs: 1,
      failedJobs: 0,
      queuedJobs: 0,
      runningJobs: 2,
    });
    expect((await stage.summary(runId)).summary).toEqual({
      total: 3,
      passed: 1,
      failed: 0,
      errored: 0,
    });
    for (const call of stage.dispatches.inFlight) call.end();
    expect((await stage.ended(runId)).state).toBe("completed");
  });

  test("measures durations on the clock that is not stepped", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(1));
    await stage.dispatches.reach(1);
    stage.clock.advance(1_500);
    stage.clock.step(-10 * HOUR);
    stage.dispatches.calls[0]!.end();
    const { durationMs, jobs } = await stage.ended(runId);
    expect(durationMs).toBe(1_500);
    expect(jobs[0]?.durationMs).toBe(1_500);
  });

  test("a dispatch that rejects costs its own job only", async () => {
    const dispatches = new Dispatches((job) => {
      if (indexOf(job) === 1) throw new TypeError("defect with s3cret");
      return passed(job);
    });
    const dispatch = dispatches.dispatch;
    const stage = new Stage({
      dispatches: Object.assign(dispatches, {
        dispatch: async (...args: Parameters<typeof dispatch>) => dispatch(...args),
      }),
    });
    const { jobs, state, summary } = await stage.ended(await stage.submit(request(3)));
    expect(state).toBe("failed");
    expect(summary).toEqual({ total: 3, passed: 2, failed: 0, errored: 1 });
    expect(jobs.map(({ state }) => state)).toEqual(["completed", "failed", "completed"]);
    expect(jobs[1]).toMatchObject({ errorCode: "internal", errorSource: "orchestrator" });
    expect(JSON.stringify(jobs)).not.toContain("s3cret");
    expect(stage.logged.join("")).toContain("defect with s3cret");
  });

  test("a dispatch that throws at once costs its own job only", async () => {
    const dispatches = new Dispatches((job) => {
      if (indexOf(job) === 0) throw new TypeError("defect");
      return passed(job);
    });
    const stage = new Stage({ dispatches });
    const { summary } = await stage.ended(await stage.submit(request(2, { concurrency: 1 })));
    expect(summary).toEqual({ total: 2, passed: 1, failed: 0, errored: 1 });
  });
});

describe("concurrency", () => {
  test.each([1, 3])("of %d is never exceeded, and is used", async (concurrency) => {
    const stage = new Stage();
    const runId = await stage.submit(request(20, { concurrency }));
    expect((await stage.ended(runId)).summary.passed).toBe(20);
    expect(stage.dispatches.peak).toBe(concurrency);
    expect(stage.dispatches.calls.map(({ job }) => indexOf(job))).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    );
  });

  test("unnamed puts 600 jobs in flight at once", async () => {
    const stage = new Stage({ dispatches: inTestsHands() });
    const runId = await stage.submit(request(600));
    // They do not answer soon, and are not waited for.
    await stage.dispatches.reach(600, () => stage.clock.advance(1));
    expect(stage.dispatches.peak).toBe(600);
    for (const call of stage.dispatches.calls) call.end();
    expect((await stage.ended(runId)).summary.passed).toBe(600);
  });

  test("is a sliding window: a slow job does not idle the other slots", async () => {
    const stage = new Stage({
      dispatches: new Dispatches((job) => (indexOf(job) === 0 ? undefined : passed(job))),
    });
    const runId = await stage.submit(request(30, { concurrency: 2 }));
    // All others pass the slow one by.
    await eventually("29 jobs completed", async () => {
      const status = await stage.store.findStatus(runId);
      return status?.completedJobs === 29;
    });
    expect(stage.dispatches.inFlight.map(({ job }) => indexOf(job))).toEqual([0]);
    expect(stage.dispatches.peak).toBe(2);
    stage.dispatches.calls[0]!.end();
    expect((await stage.ended(runId)).state).toBe("completed");
  });
});

describe("the limit over all runs", () => {
  test("is shared by runs, in turns", async () => {
    const stage = new Stage({ dispatches: inTestsHands(), maxInFlight: 2 });
    const first = await stage.submit(request(10, { runId: "first" }));
    await stage.dispatches.reach(2);
    const second = await stage.submit(request(10, { runId: "second" }));
    for (let count = 3; count <= 20; count++) {
      stage.dispatches.inFlight[0]!.end();
      await stage.dispatches.reach(count);
    }
    for (const call of stage.dispatches.inFlight) call.end();
    await Promise.all([first, second].map((id) => stage.ended(id)));
    expect(stage.dispatches.peak).toBe(2);
    // The late run waits for no job but those in flight: from then on the two alternate.
    const order = stage.dispatches.calls.map(({ job }) => job.runId);
    expect(order.slice(0, 3).toSorted()).toEqual(["first", "first", "first"]);
    expect(order.slice(3, 17)).toEqual(
      Array.from({ length: 14 }, (_, index) => (index % 2 ? "first" : "second")),
    );
  });

  test("is not held by jobs that wait for their own run's window", async () => {
    const stage = new Stage({ dispatches: inTestsHands(), maxInFlight: 2 });
    await stage.submit(request(5, { runId: "narrow", concurrency: 1 }));
    await stage.dispatches.reach(1);
    await stage.submit(request(1, { runId: "other" }));
    await stage.dispatches.reach(2);
    expect(stage.dispatches.calls.map(({ job }) => job.runId)).toEqual(["narrow", "other"]);
    await stage.ended("narrow", () => stage.dispatches.inFlight[0]?.end());
    await stage.ended("other", () => stage.dispatches.inFlight[0]?.end());
  });
});

describe("accounting", () => {
  test("gives every requested runner one result, however dispatches and the limit fall", async () => {
    const seed = random.seed();
    const { integer, pick } = random(seed);
    for (let round = 0; round < 25; round++) {
      const where = `seed ${seed}, round ${round}`;
      const dispatches = new Dispatches((job) =>
        pick([passed(job), passed(job), aborted, undefined]),
      );
      const stage = new Stage({ dispatches, maxInFlight: integer(1, 8) });
      const { runners } = request(integer(1, 30));
      const doubled = runners.flatMap((it) => Array(integer(1, 3)).fill(it) as (typeof it)[]);
      const concurrency = integer(1, 10);
      const timeout = integer(1, 50);
      const runId = await stage.submit({ runners: doubled, mode: "remote", concurrency, timeout });
      const end = await stage.ended(runId, () => {
        stage.clock.advance(integer(0, 20));
        if (dispatches.inFlight.length > 0) pick(dispatches.inFlight).end();
      });
      const { errored, failed, passed: pass, total } = end.summary;
      expect(total, where).toBe(doubled.length);
      expect(pass + failed + errored, where).toBe(total);
      expect(
        end.jobs.flatMap(({ results }) => results),
        where,
      ).toHaveLength(total);
      expect(dispatches.peak, where).toBeLessThanOrEqual(concurrency);
      const states = new Set(end.jobs.map(({ state }) => state));
      const expected = ["timed_out", "failed", "completed"].find((it) => states.has(it as never));
      expect(end.state as string, where).toBe(expected!);
    }
  });
});
