/** Leases, with time and the store in the hands of the test. */
import { describe, expect, test } from "bun:test";

import { AppError } from "../../src/domain/errors.ts";
import type { Renewal, RunStore, Sharing, StoredRun } from "../../src/store/store.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Dispatches, indexOf, memoryStore, request, Stage, turns } from "./stage.ts";

const LEASE = 15_000;
const POLL = 2_000;
const away = () => new AppError("store_unavailable", "The run store is away.");

/** An embedded store that behaves as if it were shared: what it answers is the test's choice. */
class SharedStage {
  readonly clock = new FakeClock();
  readonly dispatches = new Dispatches(() => undefined);
  readonly inner = memoryStore();
  readonly hints: unknown[] = [];
  renewals = 0;
  claims = 0;
  /** What the next renewals do. */
  renew: (runs: readonly StoredRun[]) => Promise<Renewal> = async () => ({
    lost: [],
    cancelled: [],
    replicas: 1,
  });
  readonly sharing: Sharing = {
    leaseMs: LEASE,
    pollMs: POLL,
    now: () => this.clock.now(),
    listen: () => {},
    hint: (hint) => void this.hints.push(hint),
  };
  readonly store: RunStore = new Proxy(this.inner, {
    get: (target, name) => {
      if (name === "sharing") return this.sharing;
      if (name === "renew") {
        return (runs: readonly StoredRun[]) => {
          this.renewals++;
          return this.renew(runs);
        };
      }
      if (name === "claim") this.claims++;
      const member = Reflect.get(target, name, target) as unknown;
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  readonly stage = new Stage({
    store: this.store,
    dispatches: this.dispatches,
    clock: this.clock,
    maxInFlight: 4,
  });

  /** Lets time pass in small steps, so that what is due happens in its order. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.clock.advance(Math.min(100, left));
      await turns(3);
    }
  }
}

async function started(): Promise<SharedStage> {
  const shared = new SharedStage();
  await shared.stage.orchestrator.recover();
  return shared;
}

describe("a replica", () => {
  test("renews three times in a lease and looks for runs at every poll", async () => {
    const shared = await started();
    const claims = shared.claims;
    await shared.pass(LEASE);
    expect(shared.renewals).toBeGreaterThanOrEqual(3);
    expect(shared.claims - claims).toBeGreaterThanOrEqual(6);
  });

  test("that cannot renew dispatches nothing from before its lease ends on", async () => {
    const shared = await started();
    await shared.stage.submit(request(20));
    await shared.dispatches.reach(4);
    shared.renew = () => Promise.reject(away());
    const answerOne = async (): Promise<void> => {
      shared.dispatches.inFlight[0]!.end();
      await turns();
    };
    await shared.pass(10_000);
    await answerOne();
    // One is dispatched for the one that was answered.
    expect(shared.dispatches.calls).toHaveLength(5);
    await shared.pass(3_500);
    expect(shared.stage.orchestrator.leaseLeftMs).toBe(0);
    const { length } = shared.dispatches.calls;
    await answerOne();
    await answerOne();
    await shared.pass(60_000);
    expect(shared.dispatches.calls).toHaveLength(length);
    // What was in flight is neither aborted nor forgotten.
    expect(shared.dispatches.inFlight).toHaveLength(2);
    expect(shared.dispatches.inFlight.every(({ signal }) => !signal.aborted)).toBeTrue();
    const [run] = (await shared.inner.listRuns({}, 1)).runs;
    expect(run).toMatchObject({ completedJobs: 3, runningJobs: 2 });
  });

  test("whose renewal comes back late goes on with all it owns", async () => {
    const shared = await started();
    const { renew } = shared;
    const runId = await shared.stage.submit(request(6));
    await shared.dispatches.reach(4);
    shared.renew = () => Promise.reject(away());
    await shared.pass(3 * LEASE);
    for (const call of shared.dispatches.inFlight) call.end();
    await shared.pass(1_000);
    expect(shared.dispatches.calls).toHaveLength(4);
    shared.renew = renew;
    await shared.pass(2_000);
    expect(shared.dispatches.calls.map(({ job }) => indexOf(job))).toEqual([0, 1, 2, 3, 4, 5]);
    for (const call of shared.dispatches.inFlight) call.end();
    expect((await shared.stage.ended(runId)).summary.passed).toBe(6);
  });

  test("that cannot renew for long says so now and then, and that it can again", async () => {
    const shared = await started();
    const { renew } = shared;
    shared.renew = () => Promise.reject(away());
    await shared.pass(60_000);
    shared.renew = renew;
    await shared.pass(2_000);
    const lines = shared.stage.logged.filter((line) => line.includes("ownership of runs"));
    expect(lines.length).toBeWithin(2, 5);
    expect(lines.at(-1)).toContain("ownership of runs renewed again");
  });

  test("does not trust a renewal that took longer than the lease", async () => {
    const shared = await started();
    await shared.stage.submit(request(6));
    const { promise, resolve } = Promise.withResolvers<Renewal>();
    shared.renew = () => promise;
    await shared.pass(2 * LEASE);
    resolve({ lost: [], cancelled: [], replicas: 1 });
    await turns();
    expect(shared.stage.orchestrator.leaseLeftMs).toBe(0);
  });

  test("drops a run that it lost: nothing is written, what is in flight is aborted", async () => {
    const shared = await started();
    const runId = await shared.stage.submit(request(10));
    await shared.dispatches.reach(4);
    const before = await shared.stage.summary(runId);
    shared.renew = async (runs) => ({ lost: runs, cancelled: [], replicas: 2 });
    await shared.pass(LEASE / 3);
    await turns();
    expect(shared.dispatches.calls.every(({ signal }) => signal.aborted)).toBeTrue();
    expect(shared.dispatches.calls).toHaveLength(4);
    expect(shared.stage.orchestrator.activeRuns).toBe(0);
    expect(await shared.stage.summary(runId)).toEqual(before);
    expect(shared.stage.count("run.lost")).toBe(1);
  });

  test("goes on waiting for the end of a run that it lost", async () => {
    const shared = await started();
    const runId = await shared.stage.submit(request(10));
    await shared.dispatches.reach(4);
    let over = false;
    const ended = shared.stage.orchestrator.ended(runId, 600_000).then(() => (over = true));
    let lost: readonly StoredRun[] = [];
    shared.renew = async (runs) => ({ lost: (lost = runs), cancelled: [], replicas: 2 });
    await shared.pass(LEASE / 3);
    const [run] = lost;
    expect(shared.stage.orchestrator.activeRuns).toBe(0);
    await shared.pass(LEASE);
    expect(over).toBeFalse();
    await shared.inner.endOpenJobs(run!, { state: "failed" }, { at: 1, event: 100 });
    await shared.inner.endRun(run!, "failed", { at: 1, event: 200, durationMs: 1 });
    await shared.pass(2_000);
    await ended;
  });

  test("drops a run as soon as a write says that it is another one's", async () => {
    const shared = new SharedStage();
    const lost = new AppError("lease_lost", "It belongs to another server now.");
    let writable = true;
    const { endJobs } = shared.inner;
    shared.inner.endJobs = (...args) =>
      writable ? endJobs.apply(shared.inner, args) : Promise.reject(lost);
    await shared.stage.orchestrator.recover();
    await shared.stage.submit(request(10));
    await shared.dispatches.reach(4);
    writable = false;
    shared.dispatches.calls[0]!.end();
    await turns();
    expect(shared.dispatches.calls).toHaveLength(4);
    expect(shared.dispatches.calls.every(({ signal }) => signal.aborted)).toBeTrue();
    expect(shared.stage.orchestrator.activeRuns).toBe(0);
    expect(shared.stage.logged.join("")).not.toContain("broken off");
  });

  test("cancels a run that another one was asked to cancel, at its next renewal", async () => {
    const shared = await started();
    const runId = await shared.stage.submit(request(10));
    await shared.dispatches.reach(4);
    await shared.inner.requestCancel(runId, 0);
    shared.renew = async (runs) => ({ lost: [], cancelled: runs, replicas: 2 });
    await shared.pass(LEASE / 3);
    expect((await shared.stage.ended(runId)).state).toBe("cancelled");
  });

  test("has its share of the limit", async () => {
    const shared = await started();
    shared.renew = async () => ({ lost: [], cancelled: [], replicas: 2 });
    await shared.pass(LEASE / 3);
    await shared.stage.submit(request(10));
    await turns();
    expect(shared.dispatches.calls).toHaveLength(2);
    shared.renew = async () => ({ lost: [], cancelled: [], replicas: 1 });
    await shared.pass(LEASE / 3);
    expect(shared.dispatches.calls).toHaveLength(4);
  });

  test("tells a replica that owns the run of a cancel, and others of an end", async () => {
    const shared = await started();
    shared.renew = async () => ({ lost: [], cancelled: [], replicas: 2 });
    await shared.pass(LEASE / 3);
    const runId = await shared.stage.submit(request(1));
    await shared.dispatches.reach(1);
    shared.dispatches.calls[0]!.end();
    await shared.stage.ended(runId);
    await turns();
    expect(shared.hints).toEqual([{ type: "ended", runId }]);
  });

  test("hands on what it has not ended when it stops", async () => {
    const shared = await started();
    const runId = await shared.stage.submit(request(6));
    await shared.dispatches.reach(4);
    const closed = shared.stage.orchestrator.close(0);
    await shared.pass(100);
    await closed;
    expect((await shared.inner.claim(10)).map((run) => run.runId)).toEqual([runId]);
  });
});
