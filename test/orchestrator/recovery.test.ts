/**
 * A crash is a stage left alone: its clock never moves again and its dispatches never answer. The
 * next stage opens the same file anew.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";

import { openDatabase } from "../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { RunStore } from "../../src/store/store.ts";
import { eventually } from "../support/eventually.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Dispatches, HOUR, indexOf, passed, request, Stage } from "./stage.ts";

const START = Date.UTC(2026, 0, 1);
const inTestsHands = (): Dispatches => new Dispatches(() => undefined);

let folder: ReturnType<typeof temporaryFolder>;
let stores: RunStore[] = [];

beforeEach(() => {
  folder = temporaryFolder();
  stores = [];
});

afterEach(async () => {
  for (const store of stores) await store.close();
  folder[Symbol.dispose]();
});

function open(): RunStore {
  const store = new SqliteStore(openDatabase(join(folder.path, "volley.sqlite")));
  stores.push(store);
  return store;
}

/** A stage on the file; `later` is how long after START it comes up. */
async function restart(later = 0, dispatches = new Dispatches(passed)): Promise<Stage> {
  const stage = new Stage({ store: open(), dispatches, clock: new FakeClock(START + later) });
  await stage.orchestrator.recover();
  return stage;
}

/** Submits, ends `ended` jobs of those in flight, and crashes. */
async function crashed(change: Parameters<typeof request>[1], ended = 0): Promise<string> {
  const stage = await restart(0, inTestsHands());
  const runId = await stage.submit(request(6, change));
  await stage.dispatches.reach(change?.concurrency ?? 6);
  for (let count = 0; count < ended; count++) {
    stage.dispatches.inFlight[0]!.end();
    await eventually("the end is kept", async () => {
      return (await stage.store.findStatus(runId))?.completedJobs === count + 1;
    });
  }
  await eventually("the window is full again", () => stage.dispatches.calls.length === ended + 3);
  await stage.store.close();
  return runId;
}

describe("Orchestrator.recover", () => {
  test("finishes a run: ended jobs stay, interrupted ones are tried again, queued ones go on", async () => {
    const runId = await crashed({ concurrency: 3 }, 2);
    const stage = await restart();
    const { jobs, state, summary } = await stage.ended(runId);
    expect(state).toBe("completed");
    expect(summary).toEqual({ total: 6, passed: 6, failed: 0, errored: 0 });
    expect(stage.dispatches.calls.map(({ job }) => indexOf(job))).toEqual([2, 3, 4, 5]);
    expect(jobs.map(({ attempts }) => attempts)).toEqual([1, 1, 2, 2, 2, 1]);
    expect(stage.dispatches.calls.map(({ job }) => job.jobId)).toEqual(
      jobs.slice(2).map(({ jobId }) => jobId),
    );
  });

  test("keeps the results and times of ended jobs as they were", async () => {
    const runId = await crashed({ concurrency: 3 }, 2);
    const between = open();
    const before = await between.findJobs(runId, -1, 2);
    const stage = await restart(60_000);
    const after = (await stage.ended(runId)).jobs.slice(0, 2);
    expect(before.map(({ state }) => state)).toEqual(["completed", "completed"]);
    expect(after).toEqual(before);
  });

  test("keeps the counts of a run true while it is resumed", async () => {
    const runId = await crashed({ concurrency: 3 }, 1);
    const stage = await restart(0, inTestsHands());
    await stage.dispatches.reach(3);
    expect(await stage.store.findStatus(runId)).toMatchObject({
      state: "running",
      totalJobs: 6,
      completedJobs: 1,
      runningJobs: 3,
      queuedJobs: 2,
    });
    const { summary } = await stage.ended(runId, () => stage.dispatches.inFlight[0]?.end());
    expect(summary.passed).toBe(6);
    expect(await stage.store.findStatus(runId)).toMatchObject({
      completedJobs: 6,
      failedJobs: 0,
      runningJobs: 0,
      queuedJobs: 0,
    });
  });

  test("keeps the concurrency of a resumed run", async () => {
    const runId = await crashed({ concurrency: 3 });
    const stage = await restart();
    await stage.ended(runId);
    expect(stage.dispatches.peak).toBe(3);
  });

  test("resumes every unfinished run, and no other", async () => {
    const first = await restart(0, inTestsHands());
    const ids = ["a", "b", "c"];
    for (const runId of ids) await first.submit(request(2, { runId }));
    await first.dispatches.reach(6);
    await first.ended("b", () => first.dispatches.inFlight.find(of("b"))?.end());
    await first.store.close();
    const stage = await restart();
    await Promise.all(ids.map((runId) => stage.ended(runId)));
    expect([...new Set(stage.dispatches.calls.map(({ job }) => job.runId))]).toEqual(["a", "c"]);
  });

  test("counts the limit from acceptance, the pause included", async () => {
    const runId = await crashed({ concurrency: 3, timeout: 10_000 }, 1);
    const stage = await restart(4_000, inTestsHands());
    await stage.dispatches.reach(3);
    stage.clock.advance(5_999);
    expect(stage.dispatches.calls[0]!.signal.aborted).toBe(false);
    stage.clock.advance(1);
    const { durationMs, state, summary } = await stage.ended(runId);
    expect(state).toBe("timed_out");
    expect(summary).toEqual({ total: 6, passed: 1, failed: 0, errored: 5 });
    expect(durationMs).toBe(10_000);
  });

  test("dispatches nothing of a run whose limit passed meanwhile", async () => {
    const runId = await crashed({ concurrency: 3, timeout: 10_000 }, 1);
    const stage = await restart(HOUR);
    // No time passes after the start: the limit strikes before anything else.
    const { jobs, state } = await stage.ended(runId);
    expect(state).toBe("timed_out");
    expect(jobs.map(({ state }) => state)).toEqual(["completed", ...Array(5).fill("timed_out")]);
    expect(stage.dispatches.calls).toHaveLength(0);
    expect(jobs.flatMap(({ results }) => results)).toHaveLength(6);
  });

  test("times out interrupted jobs that were still waiting for their turn", async () => {
    const runId = await crashed({ concurrency: 3, timeout: 10_000 });
    const stage = new Stage({
      store: open(),
      dispatches: inTestsHands(),
      clock: new FakeClock(START),
      maxInFlight: 1,
    });
    await stage.orchestrator.recover();
    await stage.dispatches.reach(1);
    stage.clock.advance(10_000);
    const { jobs, summary } = await stage.ended(runId);
    expect(jobs.map(({ state }) => state)).toEqual(Array(6).fill("timed_out"));
    expect(summary).toEqual({ total: 6, passed: 0, failed: 0, errored: 6 });
    expect(await stage.store.findStatus(runId)).toMatchObject({ failedJobs: 6, runningJobs: 0 });
  });

  test("does not lengthen a limit when the wall clock was set back", async () => {
    const runId = await crashed({ concurrency: 3, timeout: 10_000 });
    const stage = await restart(-5 * HOUR, inTestsHands());
    await stage.dispatches.reach(3);
    stage.clock.advance(10_000);
    const { durationMs, jobs, state } = await stage.ended(runId);
    expect(state).toBe("timed_out");
    expect(durationMs).toBe(10_000);
    for (const job of jobs) expect(job.durationMs ?? 0).toBeGreaterThanOrEqual(0);
  });

  test("survives crash after crash", async () => {
    const runId = await crashed({ concurrency: 3 });
    for (let count = 0; count < 3; count++) {
      const stage = await restart(0, inTestsHands());
      await stage.dispatches.reach(3);
      await stage.store.close();
    }
    const { jobs, summary } = await (await restart()).ended(runId);
    expect(summary.passed).toBe(6);
    expect(jobs.map(({ attempts }) => attempts)).toEqual([5, 5, 5, 1, 1, 1]);
  });

  test("goes on where an orderly stop left off, with no second result", async () => {
    const first = await restart(0, inTestsHands());
    const runId = await first.submit(request(6, { concurrency: 3 }));
    await first.dispatches.reach(3);
    first.dispatches.calls[0]!.end();
    await first.dispatches.reach(4);
    const closed = first.orchestrator.close(0);
    first.clock.advance(0);
    await closed;
    await first.store.close();
    const stage = await restart();
    const { jobs, summary } = await stage.ended(runId);
    expect(summary).toEqual({ total: 6, passed: 6, failed: 0, errored: 0 });
    expect(stage.dispatches.calls.map(({ job }) => indexOf(job))).toEqual([1, 2, 3, 4, 5]);
    expect(jobs.map(({ results }) => results.length)).toEqual(Array(6).fill(1));
  });

  test("ends a run whose jobs had all ended before the crash", async () => {
    const store = open();
    const clock = new FakeClock(START);
    const dispatches = inTestsHands();
    const neverEnds = Object.assign(Object.create(store) as RunStore, {
      submit: store.submit.bind(store),
      pendingJobs: store.pendingJobs.bind(store),
      startJobs: store.startJobs.bind(store),
      endJobs: store.endJobs.bind(store),
      tally: store.tally.bind(store),
      endRun: () => new Promise(() => {}),
    });
    const first = new Stage({ store: neverEnds, dispatches, clock });
    const runId = await first.submit(request(1));
    await dispatches.reach(1);
    dispatches.calls[0]!.end();
    await eventually("the job is kept", async () => {
      return (await store.findStatus(runId))?.completedJobs === 1;
    });
    await store.close();
    const stage = await restart();
    expect((await stage.ended(runId)).state).toBe("completed");
    expect(stage.dispatches.calls).toHaveLength(0);
  });
});

function of(runId: string): (call: { readonly job: { readonly runId: string } }) => boolean {
  return ({ job }) => job.runId === runId;
}
