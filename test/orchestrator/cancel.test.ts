import { afterEach, beforeEach, describe, expect, test } from "bun:test";

import type { RunStore } from "../../src/store/store.ts";
import { eventually } from "../support/eventually.ts";
import {
  aborted,
  Dispatches,
  indexOf,
  memoryStore,
  passed,
  reopened,
  request,
  Stage,
} from "./stage.ts";

const inTestsHands = (): Dispatches => new Dispatches(() => undefined);
const cancelled = "cancelled" as string;

let store: RunStore;

beforeEach(() => {
  store = memoryStore();
});

afterEach(() => store.close());

describe("Orchestrator.cancel", () => {
  test("aborts what is in flight and ends what is queued", async () => {
    const dispatches = new Dispatches((job) => (indexOf(job) === 0 ? passed(job) : undefined));
    const stage = new Stage({ store, dispatches });
    const { runners, ...rest } = request(5, { concurrency: 2 });
    const twice = runners.flatMap((runner) => [runner, runner]);
    const runId = await stage.submit({ ...rest, runners: twice });
    await dispatches.reach(3);
    await stage.observe("job.ended", 1);
    stage.clock.advance(700);
    expect(await stage.orchestrator.cancel(runId)).toBe("cancelled");
    const { durationMs, jobs, state, summary } = await stage.summary(runId);
    expect(state).toBe("cancelled");
    expect(durationMs).toBe(700);
    expect(summary).toEqual({ total: 10, passed: 2, failed: 0, errored: 8 });
    expect(jobs.map(({ attempts, state }) => `${state} ${attempts}`)).toEqual([
      "completed 1",
      "cancelled 1",
      "cancelled 1",
      "cancelled 0",
      "cancelled 0",
    ]);
    expect(jobs[1]?.error).toBe("The run was cancelled while this job was in flight.");
    expect(jobs[4]?.error).toBe("The run was cancelled before this job had its turn.");
    for (const { results } of jobs.slice(1)) {
      expect(results.map(({ errorSource }) => errorSource as string)).toEqual([
        cancelled,
        cancelled,
      ]);
    }
    expect(dispatches.calls).toHaveLength(3);
    expect(dispatches.inFlight).toEqual([]);
  });

  test("of an unknown run rejects with run_not_found", async () => {
    const stage = new Stage({ store });
    await expect(stage.orchestrator.cancel("r")).rejects.toMatchObject({ code: "run_not_found" });
  });

  test("may be repeated", async () => {
    const stage = new Stage({ store, dispatches: inTestsHands() });
    const runId = await stage.submit(request(2));
    const both = [stage.orchestrator.cancel(runId), stage.orchestrator.cancel(runId)];
    expect(await Promise.all(both)).toEqual(["cancelled", "cancelled"]);
    const before = await stage.summary(runId);
    expect(await stage.orchestrator.cancel(runId)).toBe("cancelled");
    expect(await stage.summary(runId)).toEqual(before);
    expect(stage.count("run.ended")).toBe(1);
  });

  test.each(["completed", "failed", "timed_out"] as const)(
    "of a run that ended as %s rejects with run_ended and changes nothing",
    async (state) => {
      const dispatches = new Dispatches((job) =>
        state === "completed" ? passed(job) : state === "failed" ? aborted : undefined,
      );
      const stage = new Stage({ store, dispatches });
      const runId = await stage.submit(request(1, { timeout: 100 }));
      await dispatches.reach(1);
      if (state === "timed_out") stage.clock.advance(100);
      const before = await stage.ended(runId);
      await expect(stage.orchestrator.cancel(runId)).rejects.toMatchObject({
        code: "run_ended",
        message: expect.stringContaining(state),
      });
      expect(await stage.summary(runId)).toEqual(before);
    },
  );

  test("stops its own run only", async () => {
    const stage = new Stage({ store, dispatches: inTestsHands(), maxInFlight: 2 });
    const runId = await stage.submit(request(9));
    await stage.dispatches.reach(2);
    const other = await stage.submit(request(2));
    await stage.orchestrator.cancel(runId);
    // The permits of the cancelled run are free at once.
    await stage.dispatches.reach(4);
    const { inFlight } = stage.dispatches;
    expect(inFlight.map(({ job }) => job.runId)).toEqual([other, other]);
    for (const call of inFlight) call.end();
    expect((await stage.ended(other)).state).toBe("completed");
  });

  test("ends a run that never got a permit", async () => {
    const stage = new Stage({ store, dispatches: inTestsHands(), maxInFlight: 1 });
    await stage.submit(request(1));
    await stage.dispatches.reach(1);
    const runId = await stage.submit(request(3));
    expect(await stage.orchestrator.cancel(runId)).toBe("cancelled");
    expect((await stage.summary(runId)).summary.errored).toBe(3);
    expect(stage.dispatches.calls).toHaveLength(1);
  });

  test("answers with the state of now when the run takes its time to end", async () => {
    const stubborn = Promise.withResolvers<typeof aborted>();
    const dispatches = inTestsHands();
    const dispatch = dispatches.dispatch.bind(dispatches);
    const patient = Object.assign(dispatches, {
      dispatch: (...args: Parameters<typeof dispatch>) => {
        void dispatch(...args);
        return stubborn.promise;
      },
    });
    const stage = new Stage({ store, dispatches: patient });
    const runId = await stage.submit(request(1));
    await dispatches.reach(1);
    const answer = stage.orchestrator.cancel(runId);
    await eventually("the dispatch is aborted", () => dispatches.calls[0]!.signal.aborted);
    stage.clock.advance(1_000);
    expect(await answer).toBe("running");
    stubborn.resolve(aborted);
    expect((await stage.ended(runId)).state).toBe("cancelled");
  });

  test("keeps an answer that was complete before it", async () => {
    const stage = new Stage({ store, dispatches: inTestsHands() });
    const runId = await stage.submit(request(1));
    await stage.dispatches.reach(1);
    stage.dispatches.calls[0]!.end();
    const state = await stage.orchestrator.cancel(runId).catch(({ code }) => code as string);
    const { jobs, summary } = await stage.ended(runId);
    expect(jobs[0]?.state).toBe("completed");
    expect(summary.passed).toBe(1);
    // Whichever came first: the run has one end, and the caller was told which.
    expect((await stage.summary(runId)).state as string).toBe(
      state === "run_ended" ? "completed" : "cancelled",
    );
  });

  test("takes hold of a run that is just being accepted", async () => {
    const stage = new Stage({ store, dispatches: inTestsHands() });
    const { promise: handedOver, resolve } = Promise.withResolvers<void>();
    const submit = store.submit.bind(store);
    store.submit = (run) => {
      resolve();
      return submit(run);
    };
    const submitted = stage.submit(request(3, { runId: "r" }));
    await handedOver;
    const answer = stage.orchestrator.cancel("r");
    await Promise.all([submitted, answer]);
    const { state } = await stage.ended("r");
    expect(state).toBe("cancelled");
    expect(stage.dispatches.inFlight).toEqual([]);
  });

  test("outlives a crash: the next start dispatches nothing more of the run", async () => {
    const first = new Stage({ store, dispatches: inTestsHands() });
    const runId = await first.submit(request(3, { concurrency: 1 }));
    await first.dispatches.reach(1);
    // What the first process did last; then it was no more.
    await store.requestCancel(runId, first.clock.now());
    const next = new Stage({ store: reopened(store) });
    await next.orchestrator.recover();
    const { jobs, state } = await next.ended(runId);
    expect(state).toBe("cancelled");
    expect(jobs.map(({ attempts, state }) => `${state} ${attempts}`)).toEqual([
      "cancelled 1",
      "cancelled 0",
      "cancelled 0",
    ]);
    expect(next.dispatches.calls).toEqual([]);
  });

  test("works while a drain is under way", async () => {
    const stage = new Stage({ store, dispatches: inTestsHands() });
    const runId = await stage.submit(request(3, { concurrency: 1 }));
    await stage.dispatches.reach(1);
    const closed = stage.orchestrator.close(60_000);
    expect(await stage.orchestrator.cancel(runId)).toBe("cancelled");
    await closed;
    expect((await stage.summary(runId)).state).toBe("cancelled");
  });
});

describe("Orchestrator.ended", () => {
  test("resolves at the end of the run", async () => {
    const stage = new Stage({ store, dispatches: inTestsHands() });
    const runId = await stage.submit(request(1));
    await stage.dispatches.reach(1);
    const ended = stage.orchestrator.ended(runId, 60_000);
    stage.dispatches.calls[0]!.end();
    await ended;
    expect((await stage.summary(runId)).state).toBe("completed");
  });

  test("resolves when its patience ends", async () => {
    const stage = new Stage({ store, dispatches: inTestsHands() });
    const runId = await stage.submit(request(1));
    await stage.dispatches.reach(1);
    let done = false;
    const ended = stage.orchestrator.ended(runId, 500).then(() => (done = true));
    stage.clock.advance(499);
    await new Promise(setImmediate);
    expect(done).toBe(false);
    stage.clock.advance(1);
    await ended;
    expect((await stage.summary(runId)).state).toBe("running");
  });

  test("resolves at once for a run that is not executed here", async () => {
    await new Stage({ store }).orchestrator.ended("r", 60_000);
  });
});
