import { describe, expect, test } from "bun:test";

import { random } from "../support/random.ts";
import { runSchedule } from "./schedule.ts";
import { PROFILES } from "./settings.ts";

describe("a schedule", () => {
  test("is repeated by its seed, to the last dispatch", async () => {
    const seed = random.seed();
    for (const profile of Object.values(PROFILES)) {
      const [first, second] = [await runSchedule(seed, profile), await runSchedule(seed, profile)];
      expect(second, `TEST_SEED=${seed}`).toEqual(first);
    }
  });

  test("is not a run through nothing: dispatches, crashes and every kind of end occur", async () => {
    const seed = random.seed();
    const seen = new Set<string>();
    for (let nth = 0; nth < 60; nth++) {
      for (const line of await runSchedule(seed + nth, PROFILES.crashes)) seen.add(line);
    }
    const ends = ["completed", "failed", "timed_out", "cancelled"].map((state) => `ended ${state}`);
    const rest = ["dispatched", "dispatched again", "answered", "crashed", "refused at_capacity"];
    const missing = [...ends, ...rest].filter((line) => !seen.has(line));
    expect(missing, `TEST_SEED=${seed}`).toEqual([]);
  });
});
