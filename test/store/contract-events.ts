/** The store contract: events, numbered, complete, in order, and readable from anywhere. */
import { describe, expect, test } from "bun:test";

import type { RunEvent } from "../../src/domain/event.ts";
import type { RunStore } from "../../src/store/store.ts";
import { random } from "../support/random.ts";
import type { ContractOptions, OpenStore } from "./contract.ts";
import {
  answered,
  claimedAnew,
  CREATED,
  created,
  eachStore,
  endJob,
  endMoment,
  execute,
  moment,
  newRun,
  pending,
} from "./fixture.ts";
import { History, outline } from "./history.ts";

/** All events after `after`, read in pages of `limit`. */
async function paged(store: RunStore, runId: string, limit: number, after = 0): Promise<string[]> {
  const lines: string[] = [];
  for (let last = after; ;) {
    const page: readonly RunEvent[] = await store.findEvents(runId, last, limit);
    lines.push(...page.map(outline));
    if (page.length === 0) return lines;
    last = page.at(-1)!.id;
  }
}

export function eventContract(
  name: string,
  open: OpenStore,
  { rounds = 60 }: ContractOptions,
): void {
  describe(`${name}: findEvents`, () => {
    const store = eachStore(open);
    const lines = async (after = 0): Promise<string[]> =>
      (await store().findEvents("r", after, 100)).map(outline);

    test("knows nothing of a run that is not there", async () => {
      expect(await store().findEvents("r", 0, 10)).toEqual([]);
    });

    test("begins with the start of the run, which is there once it is submitted", async () => {
      const run = await created(store(), newRun("r", { jobs: 3 }));
      expect(run.lastEvent).toBe(1);
      expect(await store().findEvents("r", 0, 10)).toEqual([
        { id: 1, type: "run.started", data: { totalJobs: 3 } },
      ]);
      expect(await store().findEvents("r", 1, 10)).toEqual([]);
    });

    test("tells a job and the run as the other reads do", async () => {
      const run = await created(store(), newRun("r"));
      const job = await pending(store(), run);
      await store().startJobs(run, [job], { at: CREATED, event: 2 });
      const end = { ...answered("pass"), errorCode: "seen" };
      await endJob(store(), run, job, end, { at: CREATED, event: 3, durationMs: 5 });
      await store().endRun(run, "completed", { at: CREATED, event: 4, durationMs: 6 });
      const { jobId, region, url } = { ...job, region: job.region! };
      const [ended] = await store().findJobs("r", -1, 1);
      const status = (await store().findStatus("r"))!;
      const { summary } = (await store().findRun("r"))!;
      expect(await store().findEvents("r", 0, 10)).toEqual([
        { id: 1, type: "run.started", data: { totalJobs: 1 } },
        { id: 2, type: "job.started", data: { jobId, url, region, attempt: 1 } },
        { id: 3, type: "job.finished", data: { job: ended! } },
        { id: 4, type: "run.finished", data: { status, summary } },
      ]);
    });

    test("leaves the region of a job that has none absent", async () => {
      const { jobs, ...rest } = newRun("r");
      const run = await created(store(), {
        ...rest,
        jobs: [{ url: "https://a", runners: jobs[0]!.runners }],
      });
      await store().startJobs(run, [await pending(store(), run)], moment());
      expect((await store().findEvents("r", 1, 1))[0]?.data).not.toHaveProperty("region");
    });

    test("tells the newest start of a job that was started again", async () => {
      const run = await created(store(), newRun("r"));
      const job = await pending(store(), run);
      await store().startJobs(run, [job], { at: CREATED, event: 2 });
      expect(await lines(1)).toEqual(["2 job.started job_r_0 1"]);
      await store().startJobs(run, [job], { at: CREATED, event: 5 });
      expect(await lines(2)).toEqual(["5 job.started job_r_0 2"]);
      expect(await lines()).toEqual(["1 run.started 1", "5 job.started job_r_0 2"]);
    });

    test("tells the ends of open jobs in fan-out order", async () => {
      const run = await created(store(), newRun("r", { jobs: 4 }));
      await store().startJobs(run, [await pending(store(), run, 2)], { at: CREATED, event: 2 });
      await store().endOpenJobs(run, { state: "cancelled" }, { at: CREATED, event: 3 });
      expect(await lines(2)).toEqual(
        [0, 1, 2, 3].map((job) => `${job + 3} job.finished job_r_${job} cancelled`),
      );
      expect((await claimedAnew(store()))[0]?.lastEvent).toBe(6);
    });

    test("has nothing of writes that came after an end", async () => {
      const run = await created(store(), newRun("r"));
      const job = await pending(store(), run);
      await execute(store(), run, 0, answered("pass"));
      await store().endRun(run, "completed", endMoment());
      const before = await lines();
      await store().startJobs(run, [job], moment());
      await endJob(store(), run, job, { state: "failed" }, endMoment());
      await store().endOpenJobs(run, { state: "failed" }, moment());
      await store().endRun(run, "failed", endMoment());
      expect(await lines()).toEqual(before);
      expect(before.at(-1)).toContain("run.finished completed");
    });

    test("counts a resumed run on from its newest event", async () => {
      const run = await created(store(), newRun("r", { jobs: 2 }));
      await store().startJobs(run, [await pending(store(), run)], { at: CREATED, event: 7 });
      expect((await claimedAnew(store()))[0]?.lastEvent).toBe(7);
    });

    test("and findLastEvent agree on the newest event", async () => {
      expect(await store().findLastEvent("r")).toBeUndefined();
      const run = await created(store(), newRun("r", { jobs: 3 }));
      const newest = [await store().findLastEvent("r")];
      await store().startJobs(run, [await pending(store(), run)], { at: CREATED, event: 7 });
      newest.push(await store().findLastEvent("r"));
      await store().endOpenJobs(run, { state: "failed" }, { at: CREATED, event: 9 });
      newest.push(await store().findLastEvent("r"));
      await store().endRun(run, "failed", { at: CREATED, event: 12, durationMs: 0 });
      newest.push(await store().findLastEvent("r"));
      expect(newest).toEqual([1, 7, 11, 12]);
      expect((await store().findEvents("r", 0, 100)).at(-1)?.id).toBe(12);
    });

    test("keeps the events of runs apart", async () => {
      const run = await created(store(), newRun("r", { jobs: 2 }));
      const other = await created(store(), newRun("other", { jobs: 2 }));
      await store().startJobs(other, [await pending(store(), other)], { at: CREATED, event: 2 });
      await store().startJobs(run, [await pending(store(), run, 1)], { at: CREATED, event: 2 });
      expect(await lines()).toEqual(["1 run.started 2", "2 job.started job_r_1 1"]);
    });
  });

  describe(`${name}: a history of events`, () => {
    const store = eachStore(open);

    test("is told without gap or double, from any event on, in pages of any size", async () => {
      const seed = random.seed();
      const choices = random(seed);
      const { integer, pick } = choices;
      for (let round = 0; round < rounds; round++) {
        const where = `TEST_SEED=${seed}, round ${round}`;
        const runId = `r${round}`;
        const run = await created(store(), newRun(runId, { jobs: integer(1, 12) }));
        const jobs = await store().pendingJobs(run, -1, 100);
        const history = new History(store(), run, jobs, choices);
        const live = await paged(store(), runId, 100);
        const follow = async (): Promise<void> => {
          const after = Number(live.at(-1)!.split(" ")[0]);
          live.push(...(await paged(store(), runId, integer(1, 5), after)));
        };
        const steps = integer(0, 40);
        for (let step = 0; step < steps && (await history.step()); step++) await follow();
        await history.finish(pick(["completed", "failed", "timed_out"]));
        await follow();
        // Who was there from the beginning saw every event.
        expect(live, where).toEqual(history.told as string[]);

        const { kept } = history;
        const ids = kept.map((line) => Number(line.split(" ")[0]));
        expect(ids, where).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
        expect(kept.at(0), where).toContain(" run.started ");
        expect(kept.at(-1), where).toContain(" run.finished ");
        for (let limit = 1; limit <= kept.length + 1; limit++) {
          expect(await paged(store(), runId, limit), `${where}, ${limit}`).toEqual([...kept]);
        }
        const last = ids.at(-1)!;
        for (let after = 0; after <= last + 1; after++) {
          const rest = kept.filter((_, at) => ids[at]! > after);
          expect(await paged(store(), runId, 3, after), `${where}, after ${after}`).toEqual(rest);
        }
      }
    }, 120_000);
  });
}
