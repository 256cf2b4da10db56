import { describe, expect, test } from "bun:test";

import type { Attempt } from "../../src/orchestrator/attempt.ts";
import { type RetryBudget, retryDelay } from "../../src/orchestrator/retry.ts";
import { random } from "../support/random.ts";
import { unlucky } from "./stage.ts";

const budget: RetryBudget = { allowed: 5, used: 0, remainingMs: 3_600_000 };
const almostOne = (): number => 1 - Number.EPSILON;

/** The first ten delays, by what is drawn. */
const delays = (draw: () => number) =>
  Array.from({ length: 10 }, (_, used) =>
    retryDelay(unlucky(), { ...budget, allowed: 10, used }, draw),
  );

/** A delay of a second, in a run that has so much left. */
const until = (remainingMs: number) =>
  retryDelay(unlucky(1_000), { ...budget, remainingMs }, () => 0);

describe("retryDelay", () => {
  test("doubles from 250 ms, at most 30 s, spread over the whole of it", () => {
    expect(delays(almostOne)).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
    expect(delays(() => 0.5)).toEqual([
      125, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000,
    ]);
    expect(delays(() => 0)).toEqual(Array(10).fill(0));
  });

  test("waits as long as the endpoint asked for, or longer", () => {
    expect(retryDelay(unlucky(7_000), budget, almostOne)).toBe(7_000);
    expect(retryDelay(unlucky(100), budget, almostOne)).toBe(250);
    expect(retryDelay(unlucky(90_000), budget, () => 0)).toBe(90_000);
    expect(retryDelay(unlucky(0.2), budget, () => 0)).toBe(1);
  });

  test("gives up once the retries are used", () => {
    expect(retryDelay(unlucky(), { ...budget, allowed: 0 }, () => 0)).toBeUndefined();
    expect(retryDelay(unlucky(), { ...budget, allowed: 2, used: 1 }, () => 0)).toBe(0);
    expect(retryDelay(unlucky(), { ...budget, allowed: 2, used: 2 }, () => 0)).toBeUndefined();
  });

  test("gives up when the run would end first", () => {
    expect(until(1_001)).toBe(1_000);
    expect(until(1_000)).toBeUndefined();
    expect(until(0)).toBeUndefined();
  });

  test.each<[string, Attempt]>([
    ["a completed job", { state: "completed", results: [] }],
    ["a failure that says nothing of another attempt", { state: "failed", error: "It said 400." }],
    ["a job whose limit struck", { ...unlucky(), state: "timed_out" }],
    ["a cancelled job", { ...unlucky(), state: "cancelled" }],
  ])("never repeats %s", (_, outcome) => {
    expect(retryDelay(outcome, budget, () => 0)).toBeUndefined();
  });

  test("is a delay a timer can have, whatever it draws", () => {
    const seed = random.seed();
    const { fraction, integer } = random(seed);
    for (let round = 0; round < 1_000; round++) {
      const used = integer(0, 40);
      const delay = retryDelay(unlucky(), { ...budget, allowed: 100, used }, fraction)!;
      expect(Number.isSafeInteger(delay), `TEST_SEED=${seed}, round ${round}`).toBe(true);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(30_000);
    }
  });
});
