/** Judged runs and the past of a url, as every store keeps them. */
import { describe, expect, test } from "bun:test";

import { judged } from "../../src/domain/result.ts";
import type { PastQuery } from "../../src/store/answered.ts";
import type { NewRun, RunStore, StoredRun } from "../../src/store/store.ts";
import type { OpenStore } from "./contract.ts";
import {
  answered,
  claimedAnew,
  CREATED,
  created,
  eachStore,
  endMoment,
  execute,
  moment,
  newRun,
  pending,
  unreachable,
} from "./fixture.ts";

const URL = "https://example.com/0";

/** A run of one job per region, of two runners each, all for one url. */
function regional(runId: string, regions: readonly string[], more: Partial<NewRun> = {}): NewRun {
  const jobs = regions.map((region) => ({
    url: URL,
    region,
    runners: [{ name: "runner0", input: { url: URL, depth: 1 } }, { name: "runner1" }],
  }));
  return { ...newRun(runId), jobs, ...more };
}

async function ended(store: RunStore, asked: NewRun, at = CREATED): Promise<StoredRun> {
  const run = await created(store, asked);
  for (const index of asked.jobs.keys()) {
    await execute(store, run, index, answered("pass", "fail"));
  }
  await store.endRun(run, "completed", endMoment(at));
  return run;
}

function judgedRun(): NewRun {
  const run = newRun("r", { jobs: 3, runners: 2, policy: "any", ignore: ["details.at"] });
  return { ...run, jobs: run.jobs.map((job) => ({ ...job, expected: ["pass", "fail"] })) };
}

export function pastContract(name: string, open: OpenStore): void {
  describe(`${name}: judged runs`, () => {
    const store = eachStore(open);
    test("keep what is expected, count verdicts and end with one", async () => {
      expect((await created(store(), judgedRun())).policy).toBe("any");
      const run = (await claimedAnew(store()))[0]!;
      expect(run.policy).toBe("any");
      expect(await pending(store(), run)).toMatchObject({ expected: ["pass", "fail"] });
      const results = judged(answered("pass", "pass").results ?? [], ["pass", "fail"]);
      await execute(store(), run, 0, { state: "completed", results });
      await execute(store(), run, 1, unreachable);
      const counts = { total: 6, passed: 2, failed: 0, errored: 2 };
      const { summary } = (await store().findRun("r")) ?? {};
      expect(summary).toEqual({ ...counts, expected: 1, unexpected: 3 });
      await store().endOpenJobs(run, unreachable, moment());
      expect((await store().tally(run)).unexpected).toBe(5);
      const judgement = { verdict: "expected", localized: ["us"] } as const;
      await store().endRun(run, "failed", endMoment(), judgement);
      expect((await store().findRun("r"))?.summary).toEqual({
        ...counts,
        errored: 4,
        expected: 1,
        unexpected: 5,
        verdict: "expected",
        localized: ["us"],
      });
    });

    test("give a runner that nobody answered its verdict as well", async () => {
      const run = await created(store(), judgedRun());
      await execute(store(), run, 0, unreachable);
      const [job] = await store().findJobs("r", -1, 1);
      expect(job?.results.map(({ verdict }) => verdict)).toEqual(["unexpected", "unexpected"]);
    });

    test("tell policy, ignored paths and expectations to who runs them again", async () => {
      await created(store(), judgedRun());
      const settings = await store().findSettings("r");
      expect(settings).toMatchObject({ policy: "any", ignore: ["details.at"] });
      const [answer] = await store().findAnswers("r", -1, 1);
      expect(answer?.expected).toEqual(["pass", "fail"]);
    });

    test("are told apart from others, of which nothing of the kind is told", async () => {
      const run = await ended(store(), regional("plain", ["eu"]));
      expect(run).not.toHaveProperty("policy");
      const { summary } = (await store().findRun("plain")) ?? {};
      expect(summary).toEqual({ total: 2, passed: 1, failed: 1, errored: 0 });
      expect(await store().tally(run)).not.toHaveProperty("unexpected");
    });
  });

  describe(`${name}: findPast`, () => {
    const store = eachStore(open);
    const ids = async (query: PastQuery = {}, limit = 100, url = URL): Promise<string[]> => {
      const { jobs } = await store().findPast(url, query, limit);
      return jobs.map(({ region, runId }) => `${runId} ${region}`);
    };

    test("tells jobs of a url, newest run first", async () => {
      await ended(store(), regional("a", ["eu", "us"]));
      await ended(store(), newRun("other", { jobs: 1, runners: 1 }));
      await ended(store(), regional("b", ["us", "eu"]));
      const found = await ids();
      expect(found.slice(0, 2).toSorted()).toEqual(["b eu", "b us"]);
      expect(found.slice(-2).toSorted()).toEqual(["a eu", "a us"]);
      expect(await ids({ region: "us" })).toEqual(["b us", "a us"]);
      expect(await ids({}, 100, "https://example.com/none")).toEqual([]);
    });

    test("tells what a job was asked and answered, without details and logs", async () => {
      const run = await created(store(), regional("a", ["eu"]));
      const at = new Date(CREATED).toISOString();
      const results = [
        { name: "runner0", status: "pass" as const, details: { a: 1 }, durationMs: 3 },
        { name: "runner1", status: "fail" as const, logs: [{ at, message: "x" }] },
      ];
      await execute(store(), run, 0, { state: "completed", results });
      await store().endRun(run, "completed", endMoment());
      expect((await store().findPast(URL, {}, 1)).jobs).toEqual([
        {
          runId: "a",
          url: URL,
          region: "eu",
          state: "completed",
          runners: [{ name: "runner0", input: { url: URL, depth: 1 } }, { name: "runner1" }],
          results: [
            { name: "runner0", status: "pass", durationMs: 3 },
            { name: "runner1", status: "fail" },
          ],
          endedAt: CREATED + 2,
        },
      ]);
    });

    test("gives runners that nobody answered their error", async () => {
      const run = await created(store(), regional("a", ["eu"]));
      await execute(store(), run, 0, unreachable);
      await store().endRun(run, "failed", endMoment());
      const [job] = (await store().findPast(URL, {}, 1)).jobs;
      expect(job?.results.map(({ errorSource }) => errorSource)).toEqual([
        "transport",
        "transport",
      ]);
    });

    test("leaves out runs that have not ended, and those that ended after the one asked about", async () => {
      await ended(store(), regional("first", ["eu"]), CREATED + 5);
      await ended(store(), regional("slow", ["eu"]), CREATED + 50);
      const open = await created(store(), regional("open", ["eu"]));
      await ended(store(), regional("now", ["eu"]), CREATED + 20);
      await ended(store(), regional("later", ["eu"]), CREATED + 30);
      expect(await ids({ before: "now" })).toEqual(["first eu"]);
      expect(await ids({ before: "later" })).toEqual(["now eu", "first eu"]);
      expect(await ids({ before: open.runId })).toEqual(["slow eu", "first eu"]);
      expect(await ids()).toEqual(["later eu", "now eu", "slow eu", "first eu"]);
    });

    test("is read in pages that leave nothing out", async () => {
      const regions = ["a", "b", "c"];
      for (let run = 0; run < 5; run++) await ended(store(), regional(`r${run}`, regions));
      for (const limit of [1, 2, 3, 7, 15, 16]) {
        const found: string[] = [];
        for (let query: PastQuery = {}; ;) {
          const { jobs, next } = await store().findPast(URL, query, limit);
          expect(jobs.length).toBeLessThanOrEqual(limit);
          found.push(...jobs.map(({ region, runId }) => `${runId} ${region}`));
          if (!next) break;
          query = { from: next };
        }
        expect(new Set(found).size).toBe(15);
        expect(found.map((id) => id.slice(0, 2))).toEqual(
          found
            .map((id) => id.slice(0, 2))
            .toSorted()
            .toReversed(),
        );
      }
    });

    test("forgets with the run", async () => {
      await ended(store(), regional("a", ["eu"]), CREATED);
      expect(await ids()).toEqual(["a eu"]);
      await store().prune(10, { endedBefore: CREATED + 1, keepRuns: 100 });
      expect(await ids()).toEqual([]);
    });
  });
}
