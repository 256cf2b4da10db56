/** The matrix: every result has a cell of its own, and what is left out is counted. */
import { describe, expect, test } from "bun:test";

import type { Job } from "../../src/domain/job.ts";
import type { Result } from "../../src/domain/result.ts";
import { type Matrix, matrixOf } from "../../src/report/cells.ts";
import { random } from "../support/random.ts";

const SEED = random.seed();
const NO_LIMIT = { rows: 1_000_000, regions: 1_000_000 };

function job(
  url: string,
  region: string | undefined,
  results: Result[],
  state: Job["state"] = "completed",
): Job {
  return {
    jobId: "job",
    url,
    state,
    attempts: 1,
    results,
    ...(region === undefined ? {} : { region }),
  };
}

const result = (name: string, status: Result["status"] = "pass"): Result => ({ name, status });

/** Jobs in fan-out order: all of a url after each other, some of them in progress. */
function randomJobs(seed: number): Job[] {
  const { integer, pick } = random(seed);
  return Array.from({ length: integer(1, 6) }, (_, url) => {
    const regions = ["eu", "us", "ap", undefined].slice(0, integer(1, 4));
    return regions.map((region) => {
      const state = pick(["completed", "completed", "failed", "running", "queued"] as const);
      const open = state === "running" || state === "queued";
      const names = Array.from({ length: open ? 0 : integer(0, 5) }, () =>
        pick(["a", "b", "a #2"]),
      );
      const results = names.map((name) => result(name, pick(["pass", "fail", "error"] as const)));
      return job(`https://example.com/${url}`, region, results, state);
    });
  }).flat();
}

const marks = ({ rows }: Matrix): string[] =>
  rows.flatMap(({ cells }) => [...cells.values()].map(({ mark }) => mark as string)).toSorted();

describe("matrixOf", () => {
  test(`has one cell for each result, whatever the jobs are (TEST_SEED=${SEED})`, () => {
    for (let index = 0; index < 500; index++) {
      const jobs = randomJobs(SEED + index);
      const known = marks(matrixOf(jobs, NO_LIMIT)).filter(
        (mark) => mark !== "running" && mark !== "queued",
      );
      const given = jobs.flatMap(({ results }) => results.map(({ status }) => status as string));
      expect([index, known]).toEqual([index, given.toSorted()]);
    }
  });

  test("has its regions by name, as a comparison has, whatever the order of the jobs", () => {
    const jobs = ["us", "eu", undefined, "ap"].map((region) =>
      job("https://example.com/", region, [result("a")]),
    );
    expect(matrixOf(jobs, NO_LIMIT).regions).toEqual(["ap", "eu", "local", "us"]);
    expect(matrixOf(jobs, { rows: 1, regions: 2 }).regions).toEqual(["ap", "eu"]);
  });

  test(`numbers red results and green ones in the order of the run (TEST_SEED=${SEED})`, () => {
    for (let index = 0; index < 100; index++) {
      const { rows } = matrixOf(randomJobs(SEED + index), NO_LIMIT);
      const places = (red: boolean): number[] =>
        rows
          .flatMap(({ cells }) => [...cells.values()])
          .filter(({ mark, place }) => place !== undefined && (mark !== "pass") === red)
          .map(({ place }) => place!)
          .toSorted((one, other) => one - other);
      for (const red of [true, false]) {
        const found = places(red);
        expect(found).toEqual(found.map((_, place) => place));
      }
    }
  });

  test("puts a runner's second result in a region into a row of its own", () => {
    const jobs = [
      job("u", "eu", [result("a"), result("a", "fail")]),
      job("u", "us", [result("a")]),
    ];
    const { rows } = matrixOf(jobs, NO_LIMIT);
    expect(rows.map(({ cells, occurrence, runner }) => [runner, occurrence, cells.size])).toEqual([
      ["a", 1, 2],
      ["a", 2, 1],
    ]);
  });

  test("fills the rows of a job in progress, or one of a runner that is not known yet", () => {
    const jobs = [
      job("known", "eu", [result("a"), result("b")]),
      job("known", "us", [], "running"),
      job("unknown", "eu", [], "queued"),
    ];
    const { rows } = matrixOf(jobs, NO_LIMIT);
    expect(rows.map(({ cells, runner }) => [runner, cells.get("us")?.mark])).toEqual([
      ["a", "running"],
      ["b", "running"],
      [undefined, undefined],
    ]);
    expect(rows[2]?.cells.get("eu")?.mark).toBe("queued");
  });

  test("keeps red rows before green ones past the limit, in the order of the run, and counts the rest", () => {
    const jobs = Array.from({ length: 100 }, (_, index) =>
      job(`u${index}`, "eu", [result("a", index % 10 === 9 ? "fail" : "pass")]),
    );
    const { hiddenRows, rows } = matrixOf(jobs, { rows: 12, regions: 10 });
    expect(hiddenRows).toBe(88);
    expect(rows.map(({ url }) => url)).toEqual(
      [0, 1, 9, 19, 29, 39, 49, 59, 69, 79, 89, 99].map((index) => `u${index}`),
    );
  });

  test("keeps regions with something red past the limit", () => {
    const names = Array.from({ length: 20 }, (_, index) => `r${index}`);
    const jobs = names.map((region) =>
      job("u", region, [result("a", region === "r17" ? "error" : "pass")]),
    );
    const { hiddenRegions, regions } = matrixOf(jobs, { rows: 10, regions: 3 });
    expect([hiddenRegions, ...regions]).toEqual([17, "r0", "r1", "r17"]);
  });

  test("is not slow with thousands of results of one name", () => {
    const results = Array.from({ length: 10_000 }, () => result("same"));
    expect(matrixOf([job("u", "eu", results)], NO_LIMIT).rows).toHaveLength(10_000);
  });
});
