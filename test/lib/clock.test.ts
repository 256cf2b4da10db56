import { describe, expect, test } from "bun:test";

import { systemClock } from "../../src/lib/clock.ts";

describe("systemClock", () => {
  test("says the time of day in whole milliseconds", () => {
    expect(Number.isInteger(systemClock.now())).toBe(true);
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(60_000);
  });

  test("never goes back", () => {
    const readings = Array.from({ length: 1_000 }, () => systemClock.monotonic());
    expect(readings.toSorted((a, b) => a - b)).toEqual(readings);
  });

  test("aborts a deadline with a TimeoutError, and not at once", async () => {
    const signal = systemClock.deadline(0);
    expect(signal.aborted).toBe(false);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    expect(signal.reason.name).toBe("TimeoutError");
  });
});
