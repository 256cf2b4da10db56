/** Retries as an execution has them: attempts, delays, permits, and stops while waiting. */
import { describe, expect, test } from "bun:test";

import type { JobOutcome } from "../../src/dispatch/dispatch.ts";
import {
  Dispatches,
  indexOf,
  memoryStore,
  passed,
  request,
  Stage,
  turns,
  unlucky,
} from "./stage.ts";

const inTestsHands = (): Dispatches => new Dispatches(() => undefined);
/** Fails so often, then passes. */
const passesAfter = (failures: number): Dispatches =>
  new Dispatches((job, nth) => (nth <= failures ? unlucky() : passed(job)));

describe("retries", () => {
  test("repeat a job until it is answered, and count its attempts", async () => {
    const stage = new Stage({ dispatches: passesAfter(2), random: () => 0.5 });
    const runId = await stage.submit(request(1, { retries: 5 }));
    for (const [nth, delay] of [125, 250].entries()) {
      await stage.observe("job.retried", nth + 1);
      stage.clock.advance(delay - 1);
      await turns();
      expect(stage.dispatches.calls).toHaveLength(nth + 1);
      stage.clock.advance(1);
      await stage.dispatches.reach(nth + 2);
    }
    const { durationMs, jobs, state } = await stage.ended(runId);
    expect(state).toBe("completed");
    expect(jobs[0]).toMatchObject({ state: "completed", attempts: 3, durationMs: 375 });
    expect(jobs[0]).not.toHaveProperty("error");
    expect(durationMs).toBe(375);
  });

  test("send each attempt under the same job id", async () => {
    const stage = new Stage({ dispatches: passesAfter(2) });
    const runId = await stage.submit(request(1, { retries: 2 }));
    const { jobs } = await stage.ended(runId, () => stage.clock.advance(1_000));
    expect(stage.dispatches.calls.map(({ job }) => job.jobId)).toEqual(
      Array(3).fill(jobs[0]!.jobId),
    );
  });

  test("end with the last failure once they are used", async () => {
    const stage = new Stage({
      dispatches: new Dispatches((_, nth) => ({ ...unlucky(), error: `Failure ${nth}.` })),
    });
    const runId = await stage.submit(request(1, { retries: 2 }));
    const { jobs, state, summary } = await stage.ended(runId, () => stage.clock.advance(1_000));
    expect(state).toBe("failed");
    expect(summary).toEqual({ total: 1, passed: 0, failed: 0, errored: 1 });
    expect(jobs[0]).toMatchObject({ state: "failed", attempts: 3, error: "Failure 3." });
    expect(jobs[0]).not.toHaveProperty("retry");
    expect(stage.count("job.retried")).toBe(2);
  });

  test.each<[string, JobOutcome]>([
    ["a failed verdict", { state: "completed", results: [{ name: "runner", status: "fail" }] }],
    ["a failure no attempt mends", { state: "failed", error: "It answered 400." }],
  ])("do not repeat %s", async (_, outcome) => {
    const stage = new Stage({ dispatches: new Dispatches(() => outcome) });
    const { jobs } = await stage.ended(await stage.submit(request(1, { retries: 5 })));
    expect(jobs[0]).toMatchObject({ state: outcome.state, attempts: 1 });
    expect(stage.count("job.retried")).toBe(0);
  });

  test("are none for a run that names none", async () => {
    const stage = new Stage({ dispatches: new Dispatches(() => unlucky()) });
    const { jobs } = await stage.ended(await stage.submit(request(1)));
    expect(jobs[0]?.attempts).toBe(1);
  });

  test("wait as long as the endpoint asked for", async () => {
    const stage = new Stage({
      dispatches: new Dispatches((job, nth) => (nth === 1 ? unlucky(7_000) : passed(job))),
    });
    const runId = await stage.submit(request(1, { retries: 1 }));
    await stage.observe("job.retried", 1);
    stage.clock.advance(6_999);
    await turns();
    expect(stage.dispatches.calls).toHaveLength(1);
    stage.clock.advance(1);
    expect((await stage.ended(runId)).durationMs).toBe(7_000);
  });

  test("give up at once when the run would end first", async () => {
    const stage = new Stage({ dispatches: new Dispatches(() => unlucky(10_000)) });
    const runId = await stage.submit(request(1, { retries: 3, timeout: 10_000 }));
    const { jobs, state } = await stage.ended(runId);
    expect(state).toBe("failed");
    expect(jobs[0]).toMatchObject({ attempts: 1, error: "The endpoint answered 503." });
  });

  test("leave the permits to others while they wait", async () => {
    const dispatches = new Dispatches((job) => (indexOf(job) === 0 ? unlucky(5_000) : passed(job)));
    const limits = { maxInFlight: 1, maxInFlightPerRegion: 1 };
    const stage = new Stage({ dispatches, ...limits });
    const runId = await stage.submit(request(4, { retries: 1, concurrency: 1 }));
    await stage.dispatches.reach(4);
    expect(dispatches.calls.map(({ job }) => indexOf(job))).toEqual([0, 1, 2, 3]);
    await stage.observe("job.ended", 3);
    expect(await stage.store.findStatus(runId)).toMatchObject({ completedJobs: 3, runningJobs: 1 });
    stage.clock.advance(5_000);
    expect((await stage.ended(runId)).jobs[0]).toMatchObject({ state: "failed", attempts: 2 });
    expect(dispatches.peak).toBe(1);
  });

  test("wait for a permit like everybody else", async () => {
    const dispatches = inTestsHands();
    const stage = new Stage({ dispatches, maxInFlight: 1 });
    const runId = await stage.submit(request(2, { retries: 1 }));
    await dispatches.reach(1);
    dispatches.calls[0]!.end(unlucky());
    await dispatches.reach(2);
    stage.clock.advance(60_000);
    await turns();
    expect(dispatches.calls.map(({ job }) => indexOf(job))).toEqual([0, 1]);
    dispatches.calls[1]!.end();
    await dispatches.reach(3);
    expect(indexOf(dispatches.calls[2]!.job)).toBe(0);
    dispatches.calls[2]!.end();
    expect((await stage.ended(runId)).state).toBe("completed");
  });

  test.each([
    ["the run's limit", "timed_out"],
    ["a cancel", "cancelled"],
  ] as const)("end at once when %s strikes while they wait", async (_, state) => {
    const stage = new Stage({
      dispatches: new Dispatches((__, nth) => (nth === 1 ? unlucky(8_000) : undefined)),
    });
    const runId = await stage.submit(request(1, { retries: 3, timeout: 10_000 }));
    await stage.observe("job.retried", 1);
    stage.clock.advance(4_000);
    if (state === "cancelled") await stage.orchestrator.cancel(runId);
    else {
      // The wait is over before the limit: the second attempt is in flight then.
      stage.clock.advance(4_000);
      await stage.dispatches.reach(2);
      stage.clock.advance(2_000);
    }
    const summary = await stage.ended(runId);
    expect(summary.state).toBe(state);
    expect(summary.jobs[0]).toMatchObject({ state, attempts: state === "cancelled" ? 1 : 2 });
    expect(summary.jobs[0]?.error).toEndWith(
      state === "cancelled"
        ? "while this job waited for another attempt."
        : "while this job was in flight.",
    );
    expect(summary.durationMs).toBe(state === "cancelled" ? 4_000 : 10_000);
    expect(stage.dispatches.calls).toHaveLength(state === "cancelled" ? 1 : 2);
  });

  test("are left to the next start by a drain, which does not wait for them", async () => {
    const store = memoryStore();
    const stage = new Stage({ store, dispatches: new Dispatches(() => unlucky(8_000)) });
    const runId = await stage.submit(request(1, { retries: 2 }));
    await stage.observe("job.retried", 1);
    await stage.orchestrator.close(60_000);
    expect((await stage.summary(runId)).jobs[0]).toMatchObject({ state: "running", attempts: 1 });
    const next = new Stage({ store });
    await next.orchestrator.recover();
    expect((await next.ended(runId)).jobs[0]).toMatchObject({ state: "completed", attempts: 2 });
  });

  test("are not given anew by a restart", async () => {
    const store = memoryStore();
    const always = new Dispatches(() => unlucky());
    const first = new Stage({ store, dispatches: always });
    const runId = await first.submit(request(1, { retries: 2 }));
    await first.observe("job.retried", 1);
    first.clock.advance(1_000);
    await first.observe("job.retried", 2);
    await first.orchestrator.close(0);
    const next = new Stage({ store, dispatches: always });
    await next.orchestrator.recover();
    const { jobs } = await next.ended(runId, () => next.clock.advance(60_000));
    // Two before the restart; one to make good for it, and the one retry that may be left.
    expect(jobs[0]?.attempts).toBeLessThanOrEqual(1 + 2 + 1);
    expect(jobs[0]).toMatchObject({ state: "failed" });
  });
});
