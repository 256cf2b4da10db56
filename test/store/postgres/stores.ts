/** Replicas on one database: stores that were renewed once and are closed after each test. */
import { afterEach } from "bun:test";

import { silentLog } from "../../../src/lib/log.ts";
import { PostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import type { EmptiedDatabase } from "./database.ts";

/** Opens one; the database is emptied after each test, too. `leaseMs`: of those that name none. */
export function replicasOn(
  database: EmptiedDatabase,
  leaseMs: number,
): (leaseMs?: number) => Promise<PostgresStore> {
  const opened: PostgresStore[] = [];
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await database.empty();
  });
  return async (ownLeaseMs = leaseMs) => {
    const store = new PostgresStore({
      url: database.url,
      prepare: true,
      leaseMs: ownLeaseMs,
      pollMs: 100,
      name: `replica ${opened.length}`,
      log: silentLog,
    });
    opened.push(store);
    await store.renew([]);
    return store;
  };
}
