import { describe, expect, test } from "bun:test";

import { Value } from "@sinclair/typebox/value";

import type { JobOutcome } from "../../src/dispatch/dispatch.ts";
import { countResults } from "../../src/domain/result.ts";
import { RunRequest } from "../../src/domain/run.ts";
import { fanoutJobs } from "../../src/orchestrator/fanout.ts";
import { Dispatches, memoryStore, passed, Stage, unlucky } from "../orchestrator/stage.ts";
import { random } from "../support/random.ts";
import { randomRequest, REGIONS, RUNNERS } from "./requests.ts";

describe("any valid request", () => {
  test("gets one result per runner, which add up, however its jobs end", async () => {
    const seed = random.seed();
    const choices = random(seed);
    const { fraction, integer, pick } = choices;
    const store = memoryStore();
    const outcomes = (job: Parameters<typeof passed>[0]): readonly (JobOutcome | undefined)[] => [
      passed(job),
      {
        state: "completed",
        results: job.runners.map(({ name }) => ({
          name,
          status: pick(["pass", "fail", "error"] as const),
        })),
      },
      { state: "failed", error: "It answered 400." },
      unlucky(pick([undefined, 0, 5_000])),
      undefined,
    ];
    for (let round = 0; round < 300; round++) {
      const where = `TEST_SEED=${seed}, round ${round}`;
      const asked = randomRequest(choices);
      expect([...Value.Errors(RunRequest, asked)], where).toEqual([]);
      const stage = new Stage({
        store,
        dispatches: new Dispatches((job) => pick(outcomes(job))),
        random: fraction,
        maxInFlight: integer(1, 5),
        limits: { regions: new Set(REGIONS) },
        localRunners: RUNNERS,
      });
      const runId = await stage.submit(asked);
      const cancel = integer(0, 9) === 0;
      if (cancel) void stage.orchestrator.cancel(runId).catch(() => {});
      const { jobs, state, summary } = await stage.ended(runId, () => {
        stage.clock.advance(integer(1, 2_000));
        for (const call of stage.dispatches.inFlight) if (integer(0, 1)) call.end();
      });
      const { errored, failed, passed: pass, total } = summary;
      expect(total, where).toBe(asked.runners.length);
      expect(pass + failed + errored, where).toBe(total);
      const results = jobs.flatMap((job) => job.results);
      expect(countResults(results), where).toEqual({ passed: pass, failed, errored });
      // Results stand in the order of the request, job by job.
      const names = fanoutJobs(asked.runners).map(({ runners }) => runners.map(({ name }) => name));
      expect(
        jobs.map((job) => job.results.map(({ name }) => name)),
        where,
      ).toEqual(names);
      expect(state === "completed", where).toBe(
        jobs.every((job) => job.state === "completed") && state !== "cancelled",
      );
    }
    await store.close();
  }, 600_000);
});
