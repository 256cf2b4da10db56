/** Comparing a large run: everybody else has their turn meanwhile, however few urls it has. */
import { describe, expect, test } from "bun:test";

import type { RunHead } from "../../../src/domain/run.ts";
import {
  compareRun,
  type ComparisonStore,
} from "../../../src/orchestrator/comparison/compare-run.ts";
import type { AnsweredJob } from "../../../src/store/answered.ts";

const URL = "https://example.com/";
const INPUTS = 2_000;
const REGIONS = ["ap-1", "eu-1", "sa-1", "us-1"];

const HEAD: RunHead = {
  runId: "run_1",
  mode: "remote",
  tags: [],
  state: "completed",
  summary: { total: INPUTS * REGIONS.length, passed: INPUTS * 2, failed: INPUTS * 2, errored: 0 },
  createdAt: "2026-01-01T00:00:00.000Z",
};

/** One url, and a job of many inputs in each region. */
const JOBS = REGIONS.map((region, position): AnsweredJob => {
  const status = position % 2 === 0 ? ("pass" as const) : ("fail" as const);
  return {
    position,
    url: URL,
    region,
    state: "completed",
    runners: Array.from({ length: INPUTS }, (_, n) => ({ name: "t", input: { url: URL, n } })),
    results: Array.from({ length: INPUTS }, () => ({ name: "t", status, details: { position } })),
  };
});

/** The run, and five equal ones before it. `asked`: most jobs of a page of the past. */
function store(asked: number[]): ComparisonStore {
  const past = Array.from({ length: 5 }, () => JOBS).flat();
  return {
    findRun: async () => HEAD,
    findSettings: async () => ({ mode: "remote", tags: [], timeout: 1, retries: 0, ended: true }),
    findAnswers: async (_, after) => JOBS.slice(after + 1),
    findPast: async (_, { from = { run: 0, job: 0 } }, limit) => {
      asked.push(limit);
      const jobs = past
        .slice(from.job, from.job + limit)
        .map((job) => ({ ...job, runId: "run_0", endedAt: 0 }));
      const next = { run: 0, job: from.job + limit };
      return next.job < past.length ? { jobs, next } : { jobs };
    },
  };
}

describe("compareRun", () => {
  test("gives others their turn within one url, and reads the past in small pages", async () => {
    const asked: number[] = [];
    const { rows, totals } = await compareRun(store(asked), "run_1", {
      endpointOf: () => undefined,
    });
    let turns = 0;
    let going = true;
    const others = (): void => {
      turns++;
      if (going) setImmediate(others);
    };
    setImmediate(others);
    let count = 0;
    for await (const _row of rows) count++;
    going = false;
    expect(count).toBe(INPUTS);
    expect(totals().changes).toMatchObject({ "still-failing": INPUTS * 2, same: INPUTS * 2 });
    expect(turns).toBeGreaterThan(20);
    expect(Math.max(...asked)).toBeLessThanOrEqual(2);
  });
});
