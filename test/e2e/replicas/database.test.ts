/**
 * The database goes away under load: connections are cut, it crashes, it is down for a while.
 * Nothing is lost or doubled; submits are refused meanwhile.
 */
import { describe, expect, test } from "bun:test";

import { pass, startEndpoint } from "../../support/endpoint.ts";
import { eventually } from "../../support/eventually.ts";
import { noPostgres, startPostgres } from "../../support/postgres.ts";
import { random } from "../../support/random.ts";
import { dispatches, Ledger, randomRun } from "../promises.ts";
import type { Serving } from "../serving.ts";
import { LEASE_MS, named, Rows, startReplica } from "./replicas.ts";

/** Submits until told to stop; a submit that was not acknowledged is repeated until it is. */
async function keepSubmitting(
  servers: readonly Serving[],
  ledger: Ledger,
  seed: number,
  stop: AbortSignal,
): Promise<void> {
  const choices = random(seed);
  while (!stop.aborted) {
    const runId = ledger.nextId();
    const { body, count } = randomRun(runId, choices);
    for (let tries = 0; ; tries++) {
      const response = await choices.pick(servers).api.post(body);
      await response.text();
      if (response.status === 202 || response.status === 200) break;
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
      if (tries > 1_000) throw new Error("A submit is refused for ever.");
      await Bun.sleep(20);
    }
    ledger.acknowledged.set(runId, count);
  }
}

describe(named("a database that goes away"), () => {
  const seed = random.seed();
  test.skipIf(noPostgres !== undefined)(
    `loses and doubles nothing (seed ${seed})`,
    async () => {
      const delays = random(seed);
      using endpoint = startEndpoint(async (received) => {
        await Bun.sleep(delays.integer(0, 200));
        return pass(received);
      });
      await using postgres = await startPostgres();
      const database = (await postgres.createDatabase()).replace("postgres@", "postgres:geheim@");
      // A lease that outlasts every outage: nothing is dispatched twice.
      const args = ["--lease", `${20 * LEASE_MS}ms`];
      const options = { database, args, regions: { eu: endpoint.base, us: endpoint.base } };
      await using one = await startReplica(options);
      await using two = await startReplica(options);
      const ledger = new Ledger();
      const enough = new AbortController();
      const work = [1, 2, 3, 4].map((each) =>
        keepSubmitting([one, two], ledger, seed + each, enough.signal),
      );
      await eventually("runs are accepted", () => ledger.acknowledged.size > 20);
      for (let round = 0; round < 8; round++) {
        await Bun.sleep(100);
        await postgres.run(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'volley%'",
        );
      }
      await postgres.crash();
      const before = ledger.acknowledged.size;
      await eventually("runs are accepted again", () => ledger.acknowledged.size > before + 10);

      await postgres.stop();
      const refused = await one.api.post(randomRun("refused", delays).body);
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
      expect(await refused.json()).toMatchObject({ code: "store_unavailable" });
      expect((await fetch(`${two.api.base}/run-1/status`)).status).toBe(503);
      expect((await fetch(`${two.origin}/healthz`)).status).toBe(200);
      await eventually("what was in flight has been answered", () => endpoint.inFlight() === 0);
      await postgres.start();
      const after = ledger.acknowledged.size;
      await eventually("runs are accepted at last", () => ledger.acknowledged.size > after + 10);
      enough.abort();
      await Promise.all(work);

      for (const [runId, total] of ledger.acknowledged) {
        const { jobs, state, summary } = await one.api.ended(runId);
        expect([runId, state, summary]).toEqual([
          runId,
          "completed",
          { total, passed: total, failed: 0, errored: 0 },
        ]);
        // Every job was dispatched once, and counts as dispatched once.
        expect(jobs.map(({ attempts }) => attempts)).toEqual(jobs.map(() => 1));
      }
      const calls = dispatches(endpoint);
      expect([...calls].filter(([, count]) => count !== 1)).toEqual([]);
      await using rows = new Rows(database);
      expect(await rows.miscounted()).toEqual([]);
      const log = one.log() + two.log();
      expect(log).not.toContain("geheim");
      // Nobody writes past the log: not the driver, either.
      for (const line of log.trim().split("\n")) expect(line).toStartWith("{");
      expect(await one.stop()).toBe(0);
    },
    300_000,
  );
});
