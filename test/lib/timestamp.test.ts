/** Times as text: what Date makes of them, whatever was written before. */
import { describe, expect, test } from "bun:test";

import { timestamp } from "../../src/lib/timestamp.ts";

const DAY = 86_400_000;

describe("timestamp", () => {
  test.each([0, 1, 999, DAY - 1, DAY, -1, -DAY, -DAY - 1, Date.UTC(2024, 1, 29, 23, 59, 59, 999)])(
    "writes %d as Date does",
    (ms) => {
      expect(timestamp(ms)).toBe(new Date(ms).toISOString());
    },
  );

  test("goes from day to day and back", () => {
    const noon = Date.UTC(2026, 0, 31, 12, 34, 56, 789);
    for (const ms of [noon, noon + DAY, noon, noon - 1, Date.UTC(12_026, 0), noon]) {
      expect(timestamp(ms)).toBe(new Date(ms).toISOString());
    }
  });
});
