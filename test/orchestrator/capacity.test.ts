import { describe, expect, test } from "bun:test";

import type { RunnerRequest } from "../../src/domain/run.ts";
import { Capacity } from "../../src/orchestrator/capacity.ts";
import { random } from "../support/random.ts";
import { type Call, Dispatches, indexOf, request, Stage, turns } from "./stage.ts";

const inTestsHands = (): Dispatches => new Dispatches(() => undefined);
const remote = { mode: "remote" } as const;
const never = new AbortController().signal;

/** A request of one job per region named, in that order. */
const inRegions = (...regions: readonly string[]): readonly RunnerRequest[] =>
  request(regions.length).runners.map((runner, index) => ({ ...runner, region: regions[index]! }));

const regionsOf = (calls: readonly Call[]): (string | undefined)[] =>
  calls.map(({ job }) => job.region);

describe("Capacity", () => {
  test("grants as many permits as each limit allows, and no more", async () => {
    const capacity = new Capacity({ maxInFlight: 3, maxInFlightPerRegion: 2 });
    const wide = capacity.forRun(remote);
    const narrow = capacity.forRun({ ...remote, concurrency: 1 });
    const held: Disposable[] = [];
    const granted: string[] = [];
    const acquire = (name: string, from: typeof wide, region?: string): void => {
      void from.acquire(region, never).then((permit) => {
        granted.push(name);
        held.push(permit!);
      });
    };
    acquire("narrow eu", narrow, "eu");
    acquire("narrow us", narrow, "us");
    acquire("wide eu", wide, "eu");
    acquire("wide eu 2", wide, "eu");
    acquire("wide us", wide, "us");
    acquire("wide us 2", wide, "us");
    await turns();
    expect(granted).toEqual(["narrow eu", "wide eu", "wide us"]);
    held[0]![Symbol.dispose]();
    await turns();
    expect(granted).toHaveLength(4);
    for (let count = 1; count < 6; count++) {
      held[count]?.[Symbol.dispose]();
      await turns();
    }
    expect(granted.toSorted()).toEqual([
      "narrow eu",
      "narrow us",
      "wide eu",
      "wide eu 2",
      "wide us",
      "wide us 2",
    ]);
  });

  test("gives a permit back once, however often it is disposed", async () => {
    const permits = new Capacity({ maxInFlight: 1 }).forRun(remote);
    const first = (await permits.acquire("eu", never))!;
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    await permits.acquire("eu", never);
    let granted = false;
    void permits.acquire("eu", never).then(() => (granted = true));
    await turns();
    expect(granted).toBe(false);
  });

  test("gives up what it holds when the signal aborts while it waits", async () => {
    const capacity = new Capacity({ maxInFlight: 1, maxInFlightPerRegion: 1 });
    const held = (await capacity.forRun(remote).acquire("eu", never))!;
    const run = capacity.forRun({ ...remote, concurrency: 1 });
    const stop = new AbortController();
    // Holds the window and us; waits for the limit over all.
    const waiting = run.acquire("us", stop.signal);
    await turns();
    stop.abort();
    expect(await waiting).toBeUndefined();
    held[Symbol.dispose]();
    expect(await run.acquire("us", never)).toBeDefined();
  });

  test("grants nothing once the signal has aborted, and keeps nothing", async () => {
    const permits = new Capacity({ maxInFlight: 1, maxInFlightPerRegion: 1 }).forRun(remote);
    expect(await permits.acquire("eu", AbortSignal.abort())).toBeUndefined();
    expect(await permits.acquire("eu", never)).toBeDefined();
  });

  test("grants a local run no more than there are hosts, and a remote one all", async () => {
    const capacity = new Capacity({ maxInFlight: 9, localHosts: 2 });
    const local = capacity.forRun({ ...remote, mode: "local" });
    const first = await local.acquire(undefined, never);
    expect(await local.acquire(undefined, never)).toBeDefined();
    let granted = false;
    const third = local
      .acquire(undefined, never)
      .then((permit) => (granted = permit !== undefined));
    expect(await capacity.forRun(remote).acquire("eu", never)).toBeDefined();
    await turns();
    expect(granted).toBeFalse();
    first?.[Symbol.dispose]();
    expect(await third).toBeTrue();
  });

  test("does not count what has no region against any", async () => {
    const permits = new Capacity({ maxInFlight: 5, maxInFlightPerRegion: 1 }).forRun(remote);
    for (let count = 0; count < 5; count++) {
      expect(await permits.acquire(undefined, never)).toBeDefined();
    }
  });

  test("is not confused by region names that every object has", async () => {
    const permits = new Capacity({ maxInFlight: 9, maxInFlightPerRegion: 1 }).forRun(remote);
    expect(await permits.acquire("constructor", never)).toBeDefined();
    expect(await permits.acquire("toString", never)).toBeDefined();
  });
});

describe("the limit per region", () => {
  test("is shared by runs and never exceeded", async () => {
    const stage = new Stage({ dispatches: inTestsHands(), maxInFlightPerRegion: 2 });
    const runners = inRegions("eu", "eu", "eu", "us", "us", "us");
    const ids = [1, 2].map(() => stage.submit({ ...request(1), runners: [...runners] }));
    await stage.dispatches.reach(4);
    await turns();
    expect(regionsOf(stage.dispatches.inFlight).toSorted()).toEqual(["eu", "eu", "us", "us"]);
    for (const id of ids) {
      await stage.ended(await id, () => {
        const now = regionsOf(stage.dispatches.inFlight);
        expect(now.filter((region) => region === "eu").length).toBeLessThanOrEqual(2);
        expect(now.filter((region) => region === "us").length).toBeLessThanOrEqual(2);
        stage.dispatches.inFlight[0]?.end();
      });
    }
    expect(stage.dispatches.calls).toHaveLength(12);
  });

  test("holds up no other region of the run", async () => {
    const stage = new Stage({ dispatches: inTestsHands(), maxInFlightPerRegion: 1 });
    const runners = [...inRegions("eu", "eu", "eu", "us", "us")];
    const runId = await stage.submit({ ...request(1), runners });
    await stage.dispatches.reach(2);
    expect(regionsOf(stage.dispatches.calls)).toEqual(["eu", "us"]);
    stage.dispatches.calls[1]!.end();
    await stage.dispatches.reach(3);
    expect(regionsOf(stage.dispatches.inFlight)).toEqual(["eu", "us"]);
    await stage.ended(runId, () => stage.dispatches.inFlight[0]?.end());
  });

  test("starts the jobs of a region in fan-out order", async () => {
    const stage = new Stage({ dispatches: inTestsHands(), maxInFlightPerRegion: 1 });
    const regions = Array.from({ length: 12 }, (_, index) => (index % 3 ? "eu" : "us"));
    const runId = await stage.submit({ ...request(1), runners: [...inRegions(...regions)] });
    await stage.ended(runId, () => stage.dispatches.inFlight[0]?.end());
    for (const region of ["eu", "us"]) {
      const order = stage.dispatches.calls.filter(({ job }) => job.region === region);
      const numbers = order.map(({ job }) => indexOf(job));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
    expect(stage.dispatches.calls).toHaveLength(12);
  });

  test("does not concern local runs, whose regions are not used", async () => {
    const stage = new Stage({ maxInFlightPerRegion: 1 });
    const { region: _, ...plain } = request(1).runners[0]!;
    const runners = [
      ...inRegions("eu", "mars", "eu"),
      { ...plain, input: { url: "https://example.com/9" } },
    ];
    const runId = await stage.submit({ mode: "local", runners });
    const { state, summary } = await stage.ended(runId);
    expect(state).toBe("completed");
    expect(summary).toEqual({ total: 4, passed: 4, failed: 0, errored: 0 });
  });
});

describe("all limits together", () => {
  test("are kept at every moment, and every job has its turn", async () => {
    const seed = random.seed();
    const { integer, pick } = random(seed);
    for (let round = 0; round < 20; round++) {
      const where = `TEST_SEED=${seed}, round ${round}`;
      const [maxInFlight, maxInFlightPerRegion] = [integer(1, 6), integer(1, 4)];
      const dispatches = inTestsHands();
      const stage = new Stage({ dispatches, maxInFlight, maxInFlightPerRegion });
      const windows = new Map<string, number>();
      for (let run = integer(1, 4); run > 0; run--) {
        const concurrency = integer(1, 5);
        const regions = Array.from({ length: integer(1, 12) }, () => pick(["eu", "us"]));
        const runners = [...inRegions(...regions)];
        windows.set(await stage.submit({ mode: "remote", runners, concurrency }), concurrency);
      }
      const check = (): void => {
        const now = dispatches.inFlight;
        expect(now.length, where).toBeLessThanOrEqual(maxInFlight);
        for (const region of ["eu", "us"]) {
          const here = now.filter(({ job }) => job.region === region);
          expect(here.length, where).toBeLessThanOrEqual(maxInFlightPerRegion);
        }
        for (const [runId, window] of windows) {
          const own = now.filter(({ job }) => job.runId === runId);
          expect(own.length, where).toBeLessThanOrEqual(window);
        }
      };
      const runIds = [...windows.keys()];
      for (const runId of runIds) {
        const { summary } = await stage.ended(runId, () => {
          check();
          for (let count = integer(1, 4); count > 0; count--) {
            if (dispatches.inFlight.length > 0) pick(dispatches.inFlight).end();
          }
        });
        expect(summary.passed, where).toBe(summary.total);
      }
    }
  });
});
