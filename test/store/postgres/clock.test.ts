/** The time of day of replicas that share a database: that of the database. */
import { afterAll, afterEach, describe, expect, setSystemTime, test } from "bun:test";

import { SQL } from "bun";

import { silentLog } from "../../../src/lib/log.ts";
import { PostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import { regions, request, Served } from "../../http/serving.ts";
import { startEndpoint } from "../../support/endpoint.ts";
import { noPostgres, sharedPostgres } from "../../support/postgres.ts";
import { emptied } from "./database.ts";

const HOUR = 3_600_000;
/** What a loaded machine may need between two looks at a clock, in milliseconds. */
const NEAR = 10_000;

afterEach(() => void setSystemTime());

if (noPostgres) {
  describe(`the clock (${noPostgres})`, () => {
    test.skip("is that of the database", () => {});
  });
} else {
  const database = await emptied();
  afterAll(() => database.close());

  describe.each([
    ["fast", HOUR],
    ["slow", -HOUR],
  ])("a machine whose clock is %s", (_, offset) => {
    test("learns the time with each renewal", async () => {
      const store = new PostgresStore({
        url: database.url,
        prepare: true,
        leaseMs: 15_000,
        pollMs: 2_000,
        name: "t",
        log: silentLog,
      });
      const { now } = store.sharing;
      await store.renew([]);
      // Clocks that agree are left as they are.
      expect(Math.abs(now() - Date.now())).toBeLessThan(2);
      const before = performance.now();
      const time = Date.now();
      setSystemTime(time + offset);
      await store.renew([]);
      expect(Math.abs(now() - (time + performance.now() - before))).toBeLessThan(NEAR);
      await store.close();
    });

    test("accepts runs, and ends them, at the time of the others", async () => {
      using endpoint = startEndpoint();
      const url = await (await sharedPostgres()).createDatabase();
      const time = Date.now();
      setSystemTime(time + offset);
      await using served = new Served({ database: url, regions: regions({ eu: endpoint.base }) });
      const { createdAt, completedAt } = await served.ended(await served.submit(request(["eu"])));
      for (const told of [createdAt, completedAt!]) {
        expect(Math.abs(Date.parse(told) - time)).toBeLessThan(NEAR);
      }
      await using sql = new SQL(url, { max: 1 });
      expect((await sql`SELECT 1 FROM runs`).length).toBe(1);
    });
  });
}
