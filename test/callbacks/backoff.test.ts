import { describe, expect, test } from "bun:test";

import { GIVE_UP_AFTER_MS, nextAttempt } from "../../src/callbacks/backoff.ts";

const HOUR = 3_600_000;

/** When a callback that always fails at once is tried, in milliseconds after it was due. */
function attempts(random: () => number): number[] {
  const times = [0];
  for (;;) {
    const now = times.at(-1) ?? 0;
    const next = nextAttempt({ attempts: times.length, dueSince: 0, now }, random);
    if (next === undefined) return times;
    times.push(next);
  }
}

describe("nextAttempt", () => {
  test("comes later each time, at most two hours, for a day", () => {
    const longest = attempts(() => 1);
    expect(longest.slice(0, 6)).toEqual([0, 5_000, 20_000, 65_000, 200_000, 605_000]);
    const gaps = longest.slice(1).map((time, index) => time - (longest[index] ?? 0));
    expect(Math.max(...gaps)).toBe(2 * HOUR);
    expect(longest.at(-1)).toBeGreaterThan(22 * HOUR);
    expect(longest.at(-1)).toBeLessThanOrEqual(GIVE_UP_AFTER_MS);
    expect(longest.length).toBeGreaterThan(15);
  });

  test("lies between half of the delay and all of it", () => {
    const shortest = attempts(() => 0);
    expect(shortest.slice(0, 4)).toEqual([0, 2_500, 10_000, 32_500]);
    expect(shortest.length).toBeLessThan(40);
  });

  test("is not earlier than the receiver said, within reason", () => {
    const failed = { attempts: 1, dueSince: 0, now: 0 };
    const at = (afterMs: number) => nextAttempt({ ...failed, afterMs }, () => 1);
    expect(at(60_000)).toBe(60_000);
    expect(at(1)).toBe(5_000);
    expect(at(1_000 * HOUR)).toBe(2 * HOUR);
  });
});
