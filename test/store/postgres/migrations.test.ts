import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { SQL } from "bun";

import { silentLog } from "../../../src/lib/log.ts";
import { prepareDatabase } from "../../../src/store/postgres/open.ts";
import { PostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import { noPostgres, sharedPostgres } from "../../support/postgres.ts";
import { expectToGoOn, FIRST_ROWS, firstSchema } from "../first-version.ts";

setDefaultTimeout(120_000);

describe(`migrations${noPostgres ? ` (${noPostgres})` : ""}`, () => {
  test.skipIf(noPostgres !== undefined)(
    "keep the jobs of the first version, and go on with those that have not ended",
    async () => {
      const url = await (await sharedPostgres()).createDatabase();
      await using sql = new SQL(url, { max: 1 });
      const version = [
        "CREATE TABLE volley_schema (version integer NOT NULL)",
        "INSERT INTO volley_schema VALUES (1)",
      ];
      for (const text of [...(await firstSchema("postgres")), ...version, ...FIRST_ROWS]) {
        await sql.unsafe(text).simple();
      }
      await prepareDatabase({ url, session: true });
      expect([...(await sql`SELECT version FROM volley_schema`)]).toEqual([{ version: 2 }]);
      const lease = { leaseMs: 15_000, pollMs: 1_000 };
      const store = new PostgresStore({
        url,
        prepare: true,
        name: "new",
        log: silentLog,
        ...lease,
      });
      await expectToGoOn(store);
      await store.close();
    },
  );
});
