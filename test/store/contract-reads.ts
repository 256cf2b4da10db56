/** The store contract: what is read is what was written, in pages and in full. */
import { describe, expect, test } from "bun:test";

import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

import type { JobEnd } from "../../src/domain/job.ts";
import type { Result } from "../../src/domain/result.ts";
import { RunStatus, RunSummary } from "../../src/domain/run.ts";
import type { OpenStore } from "./contract.ts";
import {
  answered,
  claimedAnew,
  CREATED,
  created,
  eachStore,
  endJob,
  endMoment,
  execute,
  iso,
  moment,
  newRun,
  pending,
  struck,
  unreachable,
} from "./fixture.ts";

/** What breaks the schema; its formats are checked where they are registered. */
function faults(schema: TSchema, value: unknown): string[] {
  return [...Value.Errors(schema, value)]
    .filter(({ message }) => !message.startsWith("Unknown format"))
    .map(({ message, path }) => `${path} ${message}`);
}

export function readContract(name: string, open: OpenStore): void {
  describe(`${name}: reads`, () => {
    const store = eachStore(open);

    test("know nothing of a run that is not there", async () => {
      expect(await store().findStatus("r")).toBeUndefined();
      expect(await store().findRun("r")).toBeUndefined();
      expect(await store().findJobs("r", -1, 10)).toEqual([]);
      expect(await claimedAnew(store())).toEqual([]);
    });

    test("tell a new run", async () => {
      await created(store(), newRun("r", { jobs: 2, runners: 3, tags: ["a", "b"] }));
      expect(await store().findStatus("r")).toEqual({
        runId: "r",
        state: "queued",
        totalJobs: 2,
        completedJobs: 0,
        failedJobs: 0,
        queuedJobs: 2,
        runningJobs: 0,
        createdAt: iso(CREATED),
        updatedAt: iso(CREATED),
      });
      expect(await store().findRun("r")).toEqual({
        runId: "r",
        mode: "remote",
        tags: ["a", "b"],
        state: "queued",
        summary: { total: 6, passed: 0, failed: 0, errored: 0 },
        createdAt: iso(CREATED),
      });
      expect((await store().findJobs("r", -1, 1))[0]).toEqual({
        jobId: "job_r_0",
        url: "https://example.com/0",
        region: "eu-west-1",
        state: "queued",
        attempts: 0,
        results: [],
      });
    });

    test("tell an ended job in full", async () => {
      const run = await created(store(), newRun("r"));
      const results: Result[] = [
        {
          name: "runner0",
          reportedName: "other",
          status: "fail",
          details: { seen: [1, null, { deep: true }], ratio: 0.1 },
          errorMessage: "No banner.",
          errorSource: "runner",
          durationMs: 12,
          logs: [{ at: iso(CREATED), message: "looked", meta: { n: 1 } }],
        },
      ];
      const job = await pending(store(), run);
      await store().startJobs(run, [job], moment(CREATED + 1));
      const regionMismatch = {
        message: 'The endpoint says it is in region "us".',
        reported: "us",
        sharedWith: ["ap"],
      };
      const end: JobEnd = { ...unreachable, results, regionMismatch };
      await endJob(store(), run, job, end, endMoment(CREATED + 40, 39));
      expect(await store().findJobs("r", -1, 1)).toEqual([
        {
          jobId: "job_r_0",
          url: "https://example.com/0",
          region: "eu-west-1",
          state: "failed",
          attempts: 1,
          results,
          regionMismatch,
          error: unreachable.error!,
          errorCode: unreachable.errorCode!,
          errorSource: "transport",
          startedAt: iso(CREATED + 1),
          completedAt: iso(CREATED + 40),
          durationMs: 39,
          timing: { queueMs: 1, endpointMs: 12, networkMs: 27 },
        },
      ]);
    });

    test("derive an error result for every runner of a job that nobody answered", async () => {
      const run = await created(store(), newRun("r", { jobs: 3, runners: 2 }));
      await execute(store(), run, 0, unreachable);
      await execute(store(), run, 1, struck);
      await store().endOpenJobs(run, struck, moment());
      for (const [index, end] of [unreachable, struck, struck].entries()) {
        const [job] = await store().findJobs("r", index - 1, 1);
        expect(job?.results).toEqual(
          ["runner0", "runner1"].map((name) => ({
            name,
            status: "error",
            errorMessage: end.error!,
            errorCode: end.errorCode!,
            errorSource: end.errorSource!,
          })),
        );
      }
    });

    test("have the shapes of the API at every step", async () => {
      const run = await created(store(), newRun("r", { jobs: 4, runners: 2 }));
      const check = async (): Promise<void> => {
        const jobs = await store().findJobs("r", -1, 10);
        expect(faults(RunStatus, await store().findStatus("r"))).toEqual([]);
        expect(faults(RunSummary, { ...(await store().findRun("r")), jobs })).toEqual([]);
      };
      await check();
      await execute(store(), run, 0, answered("pass", "fail"));
      await execute(store(), run, 1, unreachable);
      await store().startJobs(run, [await pending(store(), run, 2)], moment());
      await check();
      await store().endOpenJobs(run, struck, moment());
      await store().endRun(run, "timed_out", endMoment());
      await check();
    });
  });

  describe(`${name}: pages`, () => {
    const store = eachStore(open);

    test("tell all jobs in fan-out order, each once", async () => {
      await created(store(), newRun("before", { jobs: 3 }));
      await created(store(), newRun("r", { jobs: 25 }));
      await created(store(), newRun("after", { jobs: 3 }));
      const ids: string[] = [];
      for (let page = await store().findJobs("r", -1, 10); page.length > 0;) {
        ids.push(...page.map(({ jobId }) => jobId));
        page = await store().findJobs("r", ids.length - 1, 10);
      }
      expect(ids).toEqual(Array.from({ length: 25 }, (_, index) => `job_r_${index}`));
    });

    test("tell jobs that have not ended, in fan-out order", async () => {
      const run = await created(store(), newRun("r", { jobs: 6 }));
      await created(store(), newRun("other", { jobs: 6 }));
      await execute(store(), run, 1, answered("pass"));
      await execute(store(), run, 4, unreachable);
      await store().startJobs(run, [await pending(store(), run, 2)], moment());
      const positions = async (after: number, limit: number): Promise<number[]> =>
        (await store().pendingJobs(run, after, limit)).map(({ position }) => position);
      expect(await positions(-1, 10)).toEqual([0, 2, 3, 5]);
      expect(await positions(-1, 2)).toEqual([0, 2]);
      expect(await positions(2, 2)).toEqual([3, 5]);
      expect(await positions(5, 2)).toEqual([]);
    });

    test("hand pending jobs over as they were submitted", async () => {
      const { jobs, ...rest } = newRun("r");
      const runners = [{ name: "x", input: { url: "https://a", depth: 1.5 } }, { name: "y" }];
      const job = { url: "https://a", runners };
      const run = await created(store(), { ...rest, jobs: [job, jobs[0]!] });
      const [first, second] = await store().pendingJobs(run, -1, 10);
      const kept = { jobId: "job_r_0", key: first!.key, position: 0, attempts: 0 };
      expect(first).toEqual({ ...job, ...kept });
      expect(second).toMatchObject({ region: "eu-west-1", position: 1 });
    });
  });

  describe(`${name}: values`, () => {
    const store = eachStore(open);
    const text = "é\u0301 名前 🇪🇺 \u{10ffff} '\"\\;-- \u2028\r\n\t\u0001 ${x} %s ￾";

    test("of any Unicode come back as they were", async () => {
      const { jobs, ...rest } = newRun("r", { tags: [text], idempotencyKey: text });
      const runners = [{ name: text, input: { url: text, [text]: text } }];
      const run = await created(store(), { ...rest, jobs: [{ ...jobs[0]!, url: text, runners }] });
      const job = await pending(store(), run);
      expect(job).toMatchObject({ url: text, runners });
      await execute(store(), run, 0, { ...unreachable, error: text });
      const [ended] = await store().findJobs("r", -1, 1);
      expect(ended).toMatchObject({ url: text, error: text, results: [{ name: text }] });
      expect((await store().findRun("r"))?.tags).toEqual([text]);
      expect((await store().submit(newRun("s", { idempotencyKey: text }))).created).toBe(false);
    });

    test("of 4 MiB come back whole", async () => {
      const run = await created(store(), newRun("r"));
      const details = { body: "x🙂".repeat(700_000), list: Array.from({ length: 10_000 }, String) };
      const results: Result[] = [{ name: "runner0", status: "pass", details }];
      await execute(store(), run, 0, { state: "completed", results });
      // Not toEqual: its difference of 4 MiB would be no message.
      const [job] = await store().findJobs("r", -1, 1);
      expect(Bun.deepEquals(job?.results, results)).toBe(true);
    });

    test("of times and limits are kept to the millisecond", async () => {
      const limit = 2 ** 53 - 1;
      const run = await created(store(), newRun("r", { timeoutMs: limit, concurrency: limit }));
      expect(run).toMatchObject({ timeoutMs: limit, concurrency: limit, createdAt: CREATED });
    });

    test("of 10 000 jobs are submitted as one", async () => {
      await created(store(), newRun("r", { jobs: 10_000 }));
      expect((await store().findStatus("r"))?.queuedJobs).toBe(10_000);
      expect((await store().findJobs("r", 9_998, 10)).map(({ jobId }) => jobId)).toEqual([
        "job_r_9999",
      ]);
    });
  });
}
