/**
 * Submits made from the RunRequest schema, mostly wrong: whatever comes, the answer is a run or a
 * problem, and never a defect. Seeded: a failure names its seed, which repeats it.
 */
import { describe, expect, test } from "bun:test";

import { RunRequest } from "../../src/domain/run.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { Fuzz } from "./fuzzing.ts";
import { problemOf, regions, Served } from "./serving.ts";

const CASES = 3_000;
const SEED = Number(process.env["VOLLEY_TEST_SEED"] ?? 20_260_101);

describe("POST /api/orchestrator", () => {
  test(`answers ${CASES} random bodies with a run or a problem (seed ${SEED})`, async () => {
    using endpoint = startEndpoint();
    const base = endpoint.base;
    await using api = new Served({
      regions: regions({ "us-east-1": base, "eu-west-1": base }),
      maxRunTime: 4_000,
    });
    const statuses = new Map<number, number>();
    for (let index = 0; index < CASES; index++) {
      const seed = SEED + index;
      const fuzz = new Fuzz(seed);
      const body = fuzz.body(RunRequest);
      const type = fuzz.chance(0.97) ? "application/json" : fuzz.pick(["text/plain", "x", ""]);
      const response = await api.post(body, { "content-type": type });
      const { status } = response;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 200 || status === 202) {
        const accepted = (await response.json()) as object;
        expect([seed, Object.keys(accepted)]).toEqual([seed, ["runId"]]);
      } else {
        if (![400, 409, 413, 415, 422].includes(status)) throw new Error(`Seed ${seed}: ${status}`);
        const problem = await problemOf(response);
        expect([seed, problem.code]).not.toEqual([seed, "internal"]);
      }
    }
    // A fuzz that never gets in, or never fails, tests nothing.
    for (const status of [202, 400, 415, 422]) {
      expect([status, (statuses.get(status) ?? 0) >= 20]).toEqual([status, true]);
    }
  }, 600_000);
});
