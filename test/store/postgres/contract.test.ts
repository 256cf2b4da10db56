import { afterAll, describe, test } from "bun:test";

import { silentLog } from "../../../src/lib/log.ts";
import { PostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import { noPostgres } from "../../support/postgres.ts";
import { callbackContract } from "../contract-callbacks.ts";
import { storeContract } from "../contract.ts";
import { emptied } from "./database.ts";

if (noPostgres) {
  describe(`PostgresStore (${noPostgres})`, () => {
    test.skip("keeps the store contract", () => {});
  });
} else {
  const database = await emptied();
  const open = (prepare: boolean) => async () => {
    await database.empty();
    const store = new PostgresStore({
      url: database.url,
      prepare,
      leaseMs: 15_000,
      pollMs: 2_000,
      name: "test",
      log: silentLog,
    });
    await store.open();
    return store;
  };
  for (const prepare of [true, false]) {
    const name = prepare ? "PostgresStore" : "PostgresStore without prepared statements";
    storeContract(name, open(prepare), { rounds: 10 });
    callbackContract(name, async () => {
      const runs = await open(prepare)();
      return { runs, callbacks: runs.callbacks };
    });
  }
  afterAll(() => database.close());
}
