import { beforeEach, describe, expect, test } from "bun:test";

import { Pace } from "../../src/orchestrator/pace.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { turns } from "./stage.ts";

const never = new AbortController().signal;

const answer = (dispatches: readonly Disposable[]): void => {
  for (const dispatch of dispatches) dispatch[Symbol.dispose]();
};

describe("Pace", () => {
  let clock: FakeClock;
  let pace: Pace;

  beforeEach(() => {
    clock = new FakeClock();
    pace = new Pace(clock);
  });

  const begin = (count: number): Disposable[] =>
    Array.from({ length: count }, () => pace.dispatch());

  /** Whether more jobs may start within some turns of the event loop. */
  const mayStart = async (stopped = never): Promise<() => boolean> => {
    let may = false;
    void pace.next(stopped).then(() => (may = true));
    await turns();
    return () => may;
  };

  test("does not wait while fewer than 64 dispatches are unanswered", async () => {
    begin(63);
    expect((await mayStart())()).toBe(true);
  });

  test("waits beyond that until 32 are left", async () => {
    const begun = begin(64);
    const may = await mayStart();
    expect(may()).toBe(false);
    answer(begun.slice(0, 31));
    await turns();
    expect(may()).toBe(false);
    answer(begun.slice(31, 32));
    await turns();
    expect(may()).toBe(true);
    // Those that are left still count.
    begin(32);
    expect((await mayStart())()).toBe(false);
  });

  test("waits 4 ms at most, and then for twice as many", async () => {
    const slow = begin(100);
    const may = await mayStart();
    clock.advance(3);
    await turns();
    expect(may()).toBe(false);
    clock.advance(1);
    await turns();
    expect(may()).toBe(true);
    slow.push(...begin(99));
    expect((await mayStart())()).toBe(true);
    slow.push(...begin(1));
    expect((await mayStart())()).toBe(false);
  });

  test("waits again for an endpoint that has become quick", async () => {
    const slow = begin(100);
    await mayStart();
    clock.advance(4);
    await turns();
    answer(slow);
    begin(64);
    expect((await mayStart())()).toBe(false);
  });

  test("wakes everybody who waits", async () => {
    const begun = begin(64);
    const both = await Promise.all([mayStart(), mayStart()]);
    answer(begun);
    await turns();
    expect(both.map((may) => may())).toEqual([true, true]);
  });

  test("does not wait for a run that has stopped", async () => {
    begin(64);
    const stop = new AbortController();
    const may = await mayStart(stop.signal);
    expect(may()).toBe(false);
    stop.abort();
    await turns();
    expect(may()).toBe(true);
  });
});
