/** The store contract: jobs on their way, the counters that follow them, and ends that stand. */
import { describe, expect, test } from "bun:test";

import type { EndMoment, RunStore } from "../../src/store/store.ts";
import { random } from "../support/random.ts";
import type { OpenStore } from "./contract.ts";
import {
  answered,
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

async function counts(store: RunStore, runId = "r"): Promise<string> {
  const status = (await store.findStatus(runId))!;
  const { completedJobs, failedJobs, queuedJobs, runningJobs, totalJobs } = status;
  expect(completedJobs + failedJobs + queuedJobs + runningJobs).toBe(totalJobs);
  const { errored, failed, passed, total } = (await store.findRun(runId))!.summary;
  const jobs = `q${queuedJobs} r${runningJobs} c${completedJobs} f${failedJobs}`;
  return `${status.state}: ${jobs}; ${passed}/${failed}/${errored} of ${total}`;
}

const later = (): EndMoment => endMoment(CREATED + 999, 999);

export function jobContract(name: string, open: OpenStore): void {
  describe(`${name}: counters`, () => {
    const store = eachStore(open);

    test("add up at every step", async () => {
      const run = await created(store(), newRun("r", { jobs: 4, runners: 3 }));
      const steps = [await counts(store())];
      const jobs = await store().pendingJobs(run, -1, 10);
      const step = async (write: Promise<unknown>): Promise<void> => {
        await write;
        steps.push(await counts(store()));
      };
      await step(store().startJobs(run, [jobs[0]!], moment()));
      await step(store().startJobs(run, [jobs[1]!], moment()));
      await step(endJob(store(), run, jobs[0]!, answered("pass", "fail", "error"), endMoment()));
      await step(endJob(store(), run, jobs[1]!, unreachable, endMoment()));
      await step(store().startJobs(run, [jobs[2]!], moment()));
      await step(endJob(store(), run, jobs[2]!, struck, endMoment()));
      await step(store().endOpenJobs(run, struck, moment()));
      await step(store().endRun(run, "timed_out", endMoment()));
      expect(steps).toEqual([
        "queued: q4 r0 c0 f0; 0/0/0 of 12",
        "running: q3 r1 c0 f0; 0/0/0 of 12",
        "running: q2 r2 c0 f0; 0/0/0 of 12",
        "running: q2 r1 c1 f0; 1/1/1 of 12",
        "running: q2 r0 c1 f1; 1/1/4 of 12",
        "running: q1 r1 c1 f1; 1/1/4 of 12",
        "running: q1 r0 c1 f2; 1/1/7 of 12",
        "running: q0 r0 c1 f3; 1/1/10 of 12",
        "timed_out: q0 r0 c1 f3; 1/1/10 of 12",
      ]);
    });

    test("count results of a failed job that answered in part", async () => {
      const run = await created(store(), newRun("r", { runners: 2 }));
      const end = { ...unreachable, results: answered("pass", "error").results! };
      await execute(store(), run, 0, end);
      expect(await counts(store())).toBe("running: q0 r0 c0 f1; 1/0/1 of 2");
    });

    test("stay true when everything happens at once", async () => {
      const seed = random.seed();
      const { integer, pick } = random(seed);
      const runs = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          created(store(), newRun(`r${index}`, { jobs: 25, runners: 2 })),
        ),
      );
      await Promise.all(
        runs.map(async (run) => {
          const jobs = await store().pendingJobs(run, -1, integer(0, 25));
          await Promise.all(
            jobs.map(async (job) => {
              await store().startJobs(run, [job], moment());
              const end = pick([answered("pass", "fail"), unreachable, struck]);
              await endJob(store(), run, job, end, endMoment());
            }),
          );
          await store().endOpenJobs(run, struck, moment());
        }),
      );
      for (const { runId } of runs) {
        const status = await store().findStatus(runId);
        expect(status, `seed ${seed}`).toMatchObject({ queuedJobs: 0, runningJobs: 0 });
        await counts(store(), runId);
        const jobs = await store().findJobs(runId, -1, 100);
        const results = jobs.flatMap(({ results }) => results);
        const { errored, failed, passed, total } = (await store().findRun(runId))!.summary;
        const count = (wanted: string) => results.filter(({ status }) => status === wanted).length;
        expect([total, passed, failed, errored], `seed ${seed}`).toEqual([
          results.length,
          count("pass"),
          count("fail"),
          count("error"),
        ]);
      }
    });

    test("tell how jobs ended, by state", async () => {
      const run = await created(store(), newRun("r", { jobs: 5 }));
      expect(await store().tally(run)).toEqual({
        completed: 0,
        failed: 0,
        timedOut: 0,
        cancelled: 0,
      });
      await execute(store(), run, 0, answered("fail"));
      await execute(store(), run, 1, unreachable);
      await execute(store(), run, 2, struck);
      await store().endOpenJobs(run, { state: "cancelled" }, moment());
      expect(await store().tally(run)).toEqual({
        completed: 1,
        failed: 1,
        timedOut: 1,
        cancelled: 2,
      });
    });
  });

  describe(`${name}: startJob`, () => {
    const store = eachStore(open);

    test("makes the job and its run running", async () => {
      const run = await created(store(), newRun("r", { jobs: 2 }));
      await store().startJobs(run, [await pending(store(), run)], moment(CREATED + 5));
      const [job, other] = await store().findJobs("r", -1, 10);
      expect(job).toMatchObject({ state: "running", attempts: 1, startedAt: iso(CREATED + 5) });
      expect(other).toMatchObject({ state: "queued", attempts: 0 });
      expect(await store().findStatus("r")).toMatchObject({
        state: "running",
        createdAt: iso(CREATED),
        updatedAt: iso(CREATED + 5),
      });
    });

    test("counts a resumed job once and keeps its first start", async () => {
      const run = await created(store(), newRun("r"));
      await store().startJobs(run, [await pending(store(), run)], moment(CREATED + 5));
      const resumed = await pending(store(), run);
      expect(resumed).toMatchObject({ attempts: 1, startedAt: CREATED + 5 });
      await store().startJobs(run, [resumed], moment(CREATED + 9));
      expect(await counts(store())).toBe("running: q0 r1 c0 f0; 0/0/0 of 1");
      const [job] = await store().findJobs("r", -1, 1);
      expect(job).toMatchObject({ attempts: 2, startedAt: iso(CREATED + 5) });
    });

    test("counts a job once when its start is told twice, as after a lost answer", async () => {
      const run = await created(store(), newRun("r"));
      const job = await pending(store(), run);
      await store().startJobs(run, [job], moment());
      await store().startJobs(run, [job], moment());
      expect(await counts(store())).toBe("running: q0 r1 c0 f0; 0/0/0 of 1");
    });
  });

  describe(`${name}: ends`, () => {
    const store = eachStore(open);

    test("of a job stand, whoever asks", async () => {
      const run = await created(store(), newRun("r", { jobs: 2 }));
      const job = await pending(store(), run);
      await execute(store(), run, 0, answered("pass"));
      const before = [await store().findJobs("r", -1, 10), await counts(store())];
      await endJob(store(), run, job, unreachable, later());
      await store().startJobs(run, [job], moment(CREATED + 999));
      expect([await store().findJobs("r", -1, 10), await counts(store())]).toEqual(before);
    });

    test("of a run stand, whoever asks", async () => {
      const run = await created(store(), newRun("r"));
      await execute(store(), run, 0, answered("pass"));
      await store().endRun(run, "completed", endMoment(CREATED + 3, 3));
      const before = [await store().findRun("r"), await store().findStatus("r")];
      await store().endRun(run, "cancelled", later());
      await store().endOpenJobs(run, struck, moment(CREATED + 999));
      expect([await store().findRun("r"), await store().findStatus("r")]).toEqual(before);
      expect(before[0]).toMatchObject({
        state: "completed",
        completedAt: iso(CREATED + 3),
        durationMs: 3,
      });
    });

    test("of open jobs end those that wait and those that were interrupted", async () => {
      const run = await created(store(), newRun("r", { jobs: 4 }));
      await execute(store(), run, 0, answered("pass"));
      await store().startJobs(run, [await pending(store(), run, 1)], moment());
      await store().endOpenJobs(run, struck, moment(CREATED + 7));
      const jobs = await store().findJobs("r", -1, 10);
      expect(jobs.map(({ state }) => state)).toEqual([
        "completed",
        "timed_out",
        "timed_out",
        "timed_out",
      ]);
      expect(jobs[1]).toMatchObject({ attempts: 1, durationMs: 7 });
      expect(jobs[3]).toMatchObject({
        attempts: 0,
        error: struck.error,
        errorCode: struck.errorCode,
        errorSource: "timeout",
        completedAt: iso(CREATED + 7),
      });
      expect(jobs[3]).not.toHaveProperty("startedAt");
    });

    test("of open jobs tell how many there were in each region", async () => {
      const jobs = ["eu", "us", undefined, "eu"].map((region) => ({
        url: "https://example.com",
        ...(region === undefined ? {} : { region }),
        runners: [{ name: "a" }],
      }));
      const run = await created(store(), { ...newRun("r"), jobs });
      await execute(store(), run, 0, answered("pass"));
      await store().startJobs(run, [await pending(store(), run, 1)], moment());
      const ended = await store().endOpenJobs(run, struck, moment());
      expect(Object.fromEntries(ended)).toEqual({ us: 1, "": 1, eu: 1 });
      expect((await store().endOpenJobs(run, struck, moment())).size).toBe(0);
    });

    test("of queued jobs are those of one run", async () => {
      const run = await created(store(), newRun("r", { jobs: 2 }));
      await created(store(), newRun("other", { jobs: 2 }));
      await store().endOpenJobs(run, struck, moment());
      expect(await counts(store(), "other")).toBe("queued: q2 r0 c0 f0; 0/0/0 of 2");
    });
  });
}
