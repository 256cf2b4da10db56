/** The store contract: asking for a run to be cancelled, and reading what it takes to repeat one. */
import { describe, expect, test } from "bun:test";

import { present } from "../../src/lib/present.ts";
import type { OpenStore } from "./contract.ts";
import {
  answered,
  claimedAnew,
  CREATED,
  created,
  eachStore,
  endMoment,
  execute,
  iso,
  moment,
  newRun,
  pending,
  unreachable,
} from "./fixture.ts";

export function cancelContract(name: string, open: OpenStore): void {
  describe(`${name}: requestCancel`, () => {
    const store = eachStore(open);

    test("knows nothing of a run that is not there", async () => {
      expect(await store().requestCancel("r", CREATED)).toBeUndefined();
    });

    test("tells the state the run is in, and leaves its end to who executes it", async () => {
      const run = await created(store(), newRun("r", { jobs: 2 }));
      expect(await store().requestCancel("r", CREATED + 5)).toBe("queued");
      await store().startJobs(run, [await pending(store(), run)], moment(CREATED + 6));
      expect(await store().requestCancel("r", CREATED + 7)).toBe("running");
      expect(await store().findStatus("r")).toMatchObject({
        state: "running",
        queuedJobs: 1,
        runningJobs: 1,
        updatedAt: iso(CREATED + 7),
      });
    });

    test("is there for a process that resumes the run", async () => {
      await created(store(), newRun("r"));
      await created(store(), newRun("other"));
      await store().requestCancel("r", CREATED);
      const runs = await claimedAnew(store());
      expect(runs.map(({ cancelled }) => cancelled)).toEqual([true, false]);
    });

    test("makes cancelled the end of the run, whatever else it would have been", async () => {
      for (const state of ["completed", "failed", "timed_out", "cancelled"] as const) {
        const run = await created(store(), newRun(state));
        await execute(store(), run, 0, answered("pass"));
        await store().requestCancel(state, CREATED);
        expect(await store().endRun(run, state, endMoment())).toBe("cancelled");
        expect((await store().findRun(state))?.state).toBe("cancelled");
        expect(await store().requestCancel(state, CREATED)).toBe("cancelled");
      }
    });

    test("changes nothing about a run that has ended", async () => {
      const run = await created(store(), newRun("r"));
      await execute(store(), run, 0, answered("pass"));
      expect(await store().endRun(run, "completed", endMoment(CREATED + 3))).toBe("completed");
      const before = [await store().findRun("r"), await store().findStatus("r")];
      expect(await store().requestCancel("r", CREATED + 9)).toBe("completed");
      expect(await store().endRun(run, "failed", endMoment(CREATED + 10))).toBe("completed");
      expect([await store().findRun("r"), await store().findStatus("r")]).toEqual(before);
    });

    test("and the end of the run: whichever came first, there is one end", async () => {
      for (const first of ["cancel", "end"]) {
        const run = await created(store(), newRun(first));
        await execute(store(), run, 0, answered("pass"));
        const asked = () => store().requestCancel(first, CREATED);
        const end = () => store().endRun(run, "completed", endMoment());
        const [cancel, ended] =
          first === "cancel"
            ? await Promise.all([asked(), end()])
            : (await Promise.all([end(), asked()])).toReversed();
        const state = cancel === "completed" ? "completed" : "cancelled";
        expect([cancel, ended]).toEqual([state === "completed" ? state : "running", state]);
        expect((await store().findRun(first))?.state).toBe(state);
      }
    });
  });

  describe(`${name}: findSettings`, () => {
    const store = eachStore(open);

    test("knows nothing of a run that is not there", async () => {
      expect(await store().findSettings("r")).toBeUndefined();
    });

    test("tells with what a run was submitted, in the words of the request", async () => {
      await created(
        store(),
        newRun("r", {
          mode: "local",
          tags: ["a", "b"],
          concurrency: 3,
          timeoutMs: 5_000,
          jobTimeoutMs: 700,
          retries: 4,
        }),
      );
      expect(await store().findSettings("r")).toEqual({
        mode: "local",
        tags: ["a", "b"],
        concurrency: 3,
        timeout: 5_000,
        jobTimeout: 700,
        retries: 4,
        ended: false,
      });
    });

    test("leaves absent what was not named, and tells the end", async () => {
      const run = await created(store(), newRun("r"));
      await execute(store(), run, 0, answered("pass"));
      await store().endRun(run, "completed", endMoment());
      expect(await store().findSettings("r")).toEqual({
        mode: "remote",
        tags: [],
        timeout: 60_000,
        retries: 0,
        ended: true,
      });
    });
  });

  describe(`${name}: findAnswers`, () => {
    const store = eachStore(open);

    test("knows nothing of a run that is not there", async () => {
      expect(await store().findAnswers("r", -1, 10)).toEqual([]);
    });

    test("tells what each job was asked and what it answered, in fan-out order", async () => {
      const { jobs, ...rest } = newRun("r", { jobs: 3, runners: 2 });
      const runners = [{ name: "x", input: { url: "https://a", depth: [1, null] } }, { name: "y" }];
      const run = await created(store(), {
        ...rest,
        jobs: [jobs[0]!, { url: "https://a", runners }, jobs[2]!],
      });
      await execute(store(), run, 1, answered("pass", "fail"));
      await execute(store(), run, 2, unreachable);
      const answers = await store().findAnswers("r", -1, 10);
      expect(answers.map(({ position }) => position)).toEqual([0, 1, 2]);
      expect(answers[0]).toEqual({
        position: 0,
        url: "https://example.com/0",
        region: "eu-west-1",
        state: "queued",
        runners: [{ name: "runner0" }, { name: "runner1" }],
        results: [],
      });
      expect(answers[1]).toEqual({
        position: 1,
        url: "https://a",
        state: "completed",
        runners,
        results: answered("pass", "fail").results!,
      });
      expect(answers[2]?.results.map(({ status }) => status)).toEqual(["error", "error"]);
    });

    test("is read in pages", async () => {
      await created(store(), newRun("before", { jobs: 3 }));
      await created(store(), newRun("r", { jobs: 7 }));
      const positions: number[] = [];
      for (let page = await store().findAnswers("r", -1, 3); page.length > 0;) {
        positions.push(...page.map(({ position }) => position));
        page = await store().findAnswers("r", positions.at(-1)!, 3);
      }
      expect(positions).toEqual([0, 1, 2, 3, 4, 5, 6]);
    });
  });

  describe(`${name}: regions`, () => {
    const store = eachStore(open);

    test("of a run are told, each once", async () => {
      const { jobs, ...rest } = newRun("r", { jobs: 5 });
      const regions = ["eu", "us", "eu", undefined, "us"] as const;
      const run = await created(store(), {
        ...rest,
        tags: ["tag"],
        jobs: jobs.map(({ runners, url }, index) => ({
          runners,
          url,
          ...present({ region: regions[index] }),
        })),
      });
      expect((await store().regionsOf(run)).toSorted()).toEqual(["eu", "us"]);
      const pendingOf = async (region?: string, after = -1, limit = 10) =>
        (await store().pendingJobs(run, after, limit, region)).map(({ position }) => position);
      expect(await pendingOf("eu")).toEqual([0, 2]);
      expect(await pendingOf("us")).toEqual([1, 4]);
      expect(await pendingOf("us", 1)).toEqual([4]);
      expect(await pendingOf("us", -1, 1)).toEqual([1]);
      expect(await pendingOf("mars")).toEqual([]);
      expect(await pendingOf()).toEqual([0, 1, 2, 3, 4]);
      await execute(store(), run, 0, answered("pass"));
      expect(await pendingOf("eu")).toEqual([2]);
      // A job that ended leaves its region: the run still has it.
      await execute(store(), run, 2, answered("pass"));
      expect((await store().regionsOf(run)).toSorted()).toEqual(["eu", "us"]);
    });

    test("of a run without any are none", async () => {
      const { jobs, ...rest } = newRun("r");
      const { runners, url } = jobs[0]!;
      const run = await created(store(), { ...rest, jobs: [{ runners, url }] });
      expect(await store().regionsOf(run)).toEqual([]);
    });
  });
}
