/**
 * The database goes away under load: connections are cut, it crashes, it is down for a while.
 * Nothing is lost or doubled; submits are refused meanwhile.
 */
import { describe, expect, test } from "bun:test";

import { pass, startEndpoint } from "../../support/endpoint.ts";
import { eventually } from "../../support/eventually.ts";
import { noPostgres, startPostgres } from "../../support/postgres.ts";
import { random } from "../../support/random.ts";
import { randomRun } from "../promises.ts";
import { expectAllKept, Load, PATIENT } from "./outage.ts";
import { named, startReplica } from "./replicas.ts";

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
      const options = {
        database,
        args: PATIENT,
        regions: { eu: endpoint.base, us: endpoint.base },
      };
      await using one = await startReplica(options);
      await using two = await startReplica(options);
      const load = new Load([one, two], seed);
      await eventually("runs are accepted", () => load.accepted > 20);
      for (let round = 0; round < 8; round++) {
        await Bun.sleep(100);
        await postgres.run(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'volley%'",
        );
      }
      await postgres.crash();
      const before = load.accepted;
      await eventually("runs are accepted again", () => load.accepted > before + 10);

      await postgres.stop();
      const refused = await one.api.post(randomRun("refused", delays).body);
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
      expect(await refused.json()).toMatchObject({ code: "store_unavailable" });
      expect((await fetch(`${two.api.base}/run-1/status`)).status).toBe(503);
      expect((await fetch(`${two.origin}/healthz`)).status).toBe(200);
      await eventually("what was in flight has been answered", () => endpoint.inFlight() === 0);
      await postgres.start();
      const after = load.accepted;
      await eventually("runs are accepted at last", () => load.accepted > after + 10);
      await load.stop();
      await expectAllKept(load, one, endpoint, database);
      const log = one.log() + two.log();
      expect(log).not.toContain("geheim");
      // Nobody writes past the log: not the driver, either.
      for (const line of log.trim().split("\n")) expect(line).toStartWith("{");
      expect(await one.stop()).toBe(0);
    },
    180_000,
  );
});
