import { beforeEach, describe, expect, test } from "bun:test";

import { Pace } from "../../src/orchestrator/pace.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { turns } from "./stage.ts";

const never = new AbortController().signal;

describe("Pace", () => {
  let clock: FakeClock;
  let pace: Pace;

  beforeEach(() => {
    clock = new FakeClock();
    pace = new Pace(clock);
  });

  const answer = (count: number): void => {
    for (let index = 0; index < count; index++) pace.answered();
  };

  /** Whether so many dispatches have begun within some turns of the event loop. */
  const go = async (dispatches: number, stopped = never): Promise<() => boolean> => {
    let went = false;
    void pace.go(dispatches, stopped).then(() => (went = true));
    await turns();
    return () => went;
  };

  /** Whether more jobs may start within some turns of the event loop. */
  const mayStart = async (stopped = never): Promise<() => boolean> => {
    let may = false;
    void pace.next(stopped).then(() => (may = true));
    await turns();
    return () => may;
  };

  test("does not wait while fewer than 64 dispatches are unanswered", async () => {
    await go(63);
    expect((await mayStart())()).toBe(true);
  });

  test("waits beyond that until 32 are left", async () => {
    await go(64);
    const may = await mayStart();
    expect(may()).toBe(false);
    answer(31);
    await turns();
    expect(may()).toBe(false);
    answer(1);
    await turns();
    expect(may()).toBe(true);
    // Those that are left still count.
    await go(32);
    expect((await mayStart())()).toBe(false);
  });

  test("waits 4 ms at most, and then for twice as many", async () => {
    await go(100);
    const may = await mayStart();
    clock.advance(3);
    await turns();
    expect(may()).toBe(false);
    clock.advance(1);
    await turns();
    expect(may()).toBe(true);
    await go(99);
    expect((await mayStart())()).toBe(true);
    await go(1);
    expect((await mayStart())()).toBe(false);
  });

  test("waits again for an endpoint that has become quick", async () => {
    await go(100);
    await mayStart();
    clock.advance(4);
    await turns();
    answer(100);
    await go(64);
    expect((await mayStart())()).toBe(false);
  });

  test("wakes everybody who waits", async () => {
    await go(64);
    const both = await Promise.all([mayStart(), mayStart()]);
    answer(64);
    await turns();
    expect(both.map((may) => may())).toEqual([true, true]);
  });

  test("does not wait for a run that has stopped", async () => {
    await go(64);
    const stop = new AbortController();
    const both = await Promise.all([mayStart(stop.signal), go(64, stop.signal)]);
    expect(both.map((may) => may())).toEqual([false, false]);
    stop.abort();
    await turns();
    expect(both.map((may) => may())).toEqual([true, true]);
  });

  test("lets groups that were recorded at once go one after another, small ones together", async () => {
    const groups = await Promise.all([64, 64, 12, 12, 12].map((size) => go(size)));
    const gone = (): boolean[] => groups.map((went) => went());
    expect(gone()).toEqual([true, false, false, false, false]);
    answer(32);
    await turns();
    expect(gone()).toEqual([true, true, false, false, false]);
    answer(64);
    await turns();
    expect(gone()).toEqual([true, true, true, true, true]);
  });

  test("lets twice as many go for every 4 ms, however many groups wait", async () => {
    const groups = await Promise.all(Array.from({ length: 8 }, () => go(64)));
    const gone = (): number => groups.filter((went) => went()).length;
    const after: number[] = [gone()];
    for (let round = 0; round < 3; round++) {
      clock.advance(4);
      await turns();
      after.push(gone());
    }
    expect(after).toEqual([1, 2, 4, 8]);
  });
});
