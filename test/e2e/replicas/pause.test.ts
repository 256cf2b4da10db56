/**
 * A replica that stands still past its lease, as under a hypervisor or a debugger: another one
 * finishes its run, and what it writes when it wakes up changes nothing.
 */
import { describe, expect, test } from "bun:test";

import { gate, pass, startEndpoint } from "../../support/endpoint.ts";
import { eventually } from "../../support/eventually.ts";
import { noPostgres, sharedPostgres } from "../../support/postgres.ts";
import { dispatches } from "../promises.ts";
import { jobs } from "../serving.ts";
import { named, Rows, startReplica } from "./replicas.ts";

describe(named("a replica that was stopped and goes on"), () => {
  test.skipIf(noPostgres !== undefined)(
    "changes nothing about a run that another one has finished",
    async () => {
      // Answers to the paused replica are ready when it wakes up.
      const paused = gate();
      let calls = 0;
      using endpoint = startEndpoint(async (received) => {
        if (++calls <= 3) await paused.opened;
        return pass(received);
      });
      const database = await (await sharedPostgres()).createDatabase();
      const options = { database, regions: { eu: endpoint.base } };
      await using first = await startReplica(options);
      await using second = await startReplica(options);
      await using rows = new Rows(database);
      const runId = await first.api.submit(jobs(30, { concurrency: 3 }));
      await eventually("its jobs are in flight", () => calls === 3);
      expect(await rows.owner(runId)).toBe(first.pid);

      process.kill(first.pid, "SIGSTOP");
      paused.open();
      const { state, summary } = await second.api.ended(runId);
      expect([state, summary]).toEqual([
        "completed",
        { total: 30, passed: 30, failed: 0, errored: 0 },
      ]);
      const before = await rows.dump(runId);
      const dispatched = dispatches(endpoint);

      process.kill(first.pid, "SIGCONT");
      await eventually("it notices", () => first.log().includes("run lost to another replica"));
      // It goes on as a replica like any other.
      const next = await first.api.submit(jobs(3));
      expect(await rows.owner(next)).toBeOneOf([first.pid, undefined]);
      expect((await first.api.ended(next)).state).toBe("completed");
      expect(await rows.dump(runId)).toBe(before);
      for (const [jobId, count] of dispatched) expect(dispatches(endpoint).get(jobId)).toBe(count);
      expect((await second.api.summary(runId)).jobs.map(({ attempts }) => attempts)).toEqual([
        2,
        2,
        2,
        ...Array<number>(27).fill(1),
      ]);
      expect(await rows.miscounted()).toEqual([]);
    },
    120_000,
  );
});
