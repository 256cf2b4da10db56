/** The store contract: submitting, and resuming what was submitted. */
import { describe, expect, test } from "bun:test";

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
} from "./fixture.ts";

export function submitContract(name: string, open: OpenStore): void {
  describe(`${name}: submit`, () => {
    const store = eachStore(open);

    test("keeps a run as it was handed over", async () => {
      const run = await created(
        store(),
        newRun("r", {
          mode: "local",
          concurrency: 3,
          timeoutMs: 5_000,
          jobTimeoutMs: 700,
          retries: 4,
          jobs: 2,
        }),
      );
      expect(run).toEqual({
        epoch: 1,
        key: run.key,
        runId: "r",
        state: "queued",
        mode: "local",
        concurrency: 3,
        timeoutMs: 5_000,
        jobTimeoutMs: 700,
        retries: 4,
        createdAt: CREATED,
        queuedJobs: 2,
        cancelled: false,
        lastEvent: 1,
      });
    });

    test.each(["concurrency", "jobTimeoutMs"])("leaves an unlimited %s absent", async (limit) => {
      expect(Object.hasOwn(await created(store(), newRun("r")), limit)).toBe(false);
    });

    test("keeps what was warned of, and tells it with the run, not with a list", async () => {
      const message = 'Region "us" offers no runner "a".';
      const warnings = [{ code: "missing_runner" as const, message, region: "us", runner: "a" }];
      const run = await created(store(), newRun("warned", { warnings }));
      await created(store(), newRun("quiet"));
      expect((await store().findStatus("warned"))?.warnings).toEqual(warnings);
      expect((await store().findRun("warned"))?.warnings).toEqual(warnings);
      await execute(store(), run, 0, answered("pass"));
      await store().endRun(run, "completed", endMoment());
      expect((await store().findRun("warned"))?.warnings).toEqual(warnings);
      for (const found of [await store().findStatus("quiet"), await store().findRun("quiet")]) {
        expect(Object.hasOwn(found!, "warnings")).toBe(false);
      }
      for (const listed of (await store().listRuns({}, 10)).runs) {
        expect(Object.hasOwn(listed, "warnings")).toBe(false);
      }
    });

    test("answers a repeated run id with the run that is there, and writes nothing", async () => {
      await created(store(), newRun("r", { jobs: 2 }));
      const again = newRun("r", { jobs: 5, requestDigest: "other" });
      expect(await store().submit(again)).toEqual({
        created: false,
        runId: "r",
        requestDigest: "digest of r",
      });
      expect((await store().findStatus("r"))?.totalJobs).toBe(2);
      expect(await store().findJobs("r", -1, 10)).toHaveLength(2);
    });

    test("answers a repeated idempotency key with the run that is there", async () => {
      await created(store(), newRun("first", { idempotencyKey: "k" }));
      expect(await store().submit(newRun("second", { idempotencyKey: "k" }))).toEqual({
        created: false,
        runId: "first",
        requestDigest: "digest of first",
      });
      expect(await store().findRun("second")).toBeUndefined();
    });

    test("names no digest when id and idempotency key belong to two runs", async () => {
      await created(store(), newRun("a"));
      await created(store(), newRun("b", { idempotencyKey: "k" }));
      const torn = await store().submit(newRun("a", { idempotencyKey: "k" }));
      expect(torn).toEqual({ created: false, runId: "a" });
      expect(await claimedAnew(store())).toHaveLength(2);
    });

    test("names the digest when id and idempotency key belong to one run", async () => {
      await created(store(), newRun("a", { idempotencyKey: "k" }));
      expect(await store().submit(newRun("a", { idempotencyKey: "k" }))).toEqual({
        created: false,
        runId: "a",
        requestDigest: "digest of a",
      });
    });

    test("keeps the run that a run repeats", async () => {
      await created(store(), newRun("child", { parentRunId: "parent" }));
      expect(await store().findRun("child")).toMatchObject({ parentRunId: "parent" });
      await created(store(), newRun("orphan"));
      expect(await store().findRun("orphan")).not.toHaveProperty("parentRunId");
    });

    test("answers a repetition long after the run ended", async () => {
      const run = await created(store(), newRun("r"));
      await execute(store(), run, 0, answered("pass"));
      await store().endRun(run, "completed", endMoment(CREATED + 3, 3));
      expect((await store().submit(newRun("r"))).created).toBe(false);
    });

    test("keeps runs without an idempotency key apart", async () => {
      await created(store(), newRun("a"));
      await created(store(), newRun("b"));
      expect(await claimedAnew(store())).toHaveLength(2);
    });

    test("does not take a run id for an idempotency key, nor case for nothing", async () => {
      await created(store(), newRun("a", { idempotencyKey: "b" }));
      await created(store(), newRun("b"));
      await created(store(), newRun("A", { idempotencyKey: "B" }));
      expect(await claimedAnew(store())).toHaveLength(3);
    });

    test("makes one run of each id among 5 000 concurrent submits", async () => {
      const ids = 500;
      const answers = await Promise.all(
        Array.from({ length: 5_000 }, (_, index) => store().submit(newRun(`r${index % ids}`))),
      );
      expect(answers.filter((answer) => answer.created)).toHaveLength(ids);
      const names = answers.map((answer) => (answer.created ? answer.run.runId : answer.runId));
      expect(names).toEqual(answers.map((_, index) => `r${index % ids}`));
      expect((await store().listRuns({}, 1_000)).runs).toHaveLength(ids);
    });

    test("makes one run of each idempotency key among concurrent submits", async () => {
      const answers = await Promise.all(
        Array.from({ length: 1_000 }, (_, index) =>
          store().submit(newRun(`r${index}`, { idempotencyKey: `k${index % 10}` })),
        ),
      );
      expect(answers.filter((answer) => answer.created)).toHaveLength(10);
      const names = answers.map((answer) => (answer.created ? answer.run.runId : answer.runId));
      const winners = names.slice(0, 10);
      expect(new Set(winners).size).toBe(10);
      expect(names).toEqual(names.map((_, index) => winners[index % 10]!));
    });
  });

  describe(`${name}: claim`, () => {
    const store = eachStore(open);

    test("tells queued and running runs, oldest submit first", async () => {
      for (const [index, id] of ["c", "a", "b", "d"].entries()) {
        await created(store(), newRun(id, { createdAt: CREATED - index, jobs: 2 }));
      }
      const [, second, third] = await claimedAnew(store());
      await execute(store(), second!, 0, answered("pass"));
      await store().endOpenJobs(third!, { state: "cancelled" }, moment());
      await store().endRun(third!, "cancelled", endMoment());
      expect((await claimedAnew(store())).map(({ runId, state }) => [runId, state])).toEqual([
        ["c", "queued"],
        ["a", "running"],
        ["d", "queued"],
      ]);
    });

    test("tells a run as submit did", async () => {
      const run = await created(store(), newRun("r", { concurrency: 2 }));
      expect(await claimedAnew(store())).toEqual([{ ...run, epoch: expect.any(Number) }]);
    });
  });

  describe(`${name}: close`, () => {
    const store = eachStore(open);

    test("refuses writes afterwards as store_unavailable", async () => {
      await store().close();
      await expect(store().submit(newRun("r"))).rejects.toMatchObject({
        code: "store_unavailable",
      });
    });

    test("may be asked for twice", async () => {
      await store().close();
      await store().close();
    });

    test("lets writes that were asked for before come through", async () => {
      const submitted = store().submit(newRun("r"));
      await store().close();
      expect((await submitted).created).toBe(true);
    });
  });
}
