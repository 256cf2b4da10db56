/** A database with our schema that is emptied instead of made anew. */
import { SQL } from "bun";

import { prepareDatabase } from "../../../src/store/postgres/open.ts";
import { sharedPostgres } from "../../support/postgres.ts";

export interface EmptiedDatabase {
  readonly url: string;
  /** For looking at rows and changing them behind the store's back. */
  readonly sql: SQL;
  /** Deletes every row; connections of stores are left alone. */
  readonly empty: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function emptied(): Promise<EmptiedDatabase> {
  const url = await (await sharedPostgres()).createDatabase();
  await prepareDatabase({ url, session: true });
  const sql = new SQL(url, { max: 2 });
  return {
    url,
    sql,
    empty: async () => {
      await sql`TRUNCATE runs, jobs, event_jobs, facets, pruned_runs, replicas, callbacks, keys, sessions
        RESTART IDENTITY`.simple();
    },
    close: () => sql.close(),
  };
}
