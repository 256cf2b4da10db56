/** A fail-over to a standby that lacks the newest commits: what replicas know did not happen. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { noPostgres } from "../../support/postgres.ts";
import {
  answered,
  CREATED,
  created,
  endJob,
  endMoment,
  execute,
  moment,
  newRun,
  pending,
  struck,
} from "../fixture.ts";
import { emptied } from "./database.ts";
import { replicasOn } from "./stores.ts";

setDefaultTimeout(60_000);

const LOST = { code: "lease_lost" };
/** Such that rows refer only to rows before them. */
const TABLES = ["replicas", "runs", "facets", "jobs", "event_jobs", "callbacks"];
const SEQUENCES = ["runs_key_seq", "callbacks_key_seq"];

if (noPostgres) {
  describe(`a fail-over (${noPostgres})`, () => {
    test.skip("doubles and mixes up nothing", () => {});
  });
} else {
  const database = await emptied();
  const open = replicasOn(database, 15_000);
  afterAll(() => database.close());

  /** Replicates everything up to now; what is called then is a fail-over to that. */
  async function replicated(): Promise<() => Promise<void>> {
    const { sql } = database;
    for (const table of TABLES) {
      await sql.unsafe(`DROP TABLE IF EXISTS standby_${table}`);
      await sql.unsafe(`CREATE TABLE standby_${table} AS TABLE ${table}`);
    }
    const values = await Promise.all(
      SEQUENCES.map((name) => sql.unsafe(`SELECT last_value, is_called FROM ${name}`)),
    );
    return async () => {
      for (const table of TABLES.toReversed()) await sql.unsafe(`DELETE FROM ${table}`);
      for (const table of TABLES) {
        await sql.unsafe(`INSERT INTO ${table} OVERRIDING SYSTEM VALUE TABLE standby_${table}`);
      }
      for (const [index, name] of SEQUENCES.entries()) {
        const { is_called, last_value } = values[index][0];
        await sql`SELECT setval(${name}::text, ${last_value}::bigint, ${is_called}::bool)`;
      }
    };
  }

  describe("a fail-over that lost commits", () => {
    test("ends no run whose jobs are open again: it is claimed anew", async () => {
      const store = await open();
      const run = await created(store, newRun("r", { jobs: 2 }));
      await execute(store, run, 0, answered("pass"));
      const failOver = await replicated();
      await execute(store, run, 1, answered("pass"));
      await failOver();
      await expect(store.endRun(run, "completed", endMoment())).rejects.toMatchObject(LOST);
      expect(await store.findStatus("r")).toMatchObject({ state: "running", queuedJobs: 1 });
      // Nobody executes it here any more, and so it is let go.
      await store.renew([]);
      await store.renew([]);
      const [again] = await store.claim(1);
      await execute(store, again!, 1, answered("pass"));
      expect(await store.endRun(again!, "completed", endMoment())).toBe("completed");
      expect(await store.findStatus("r")).toMatchObject({ state: "completed", completedJobs: 2 });
    });

    test("mixes up no runs: a later one has the key of one that was lost", async () => {
      const store = await open();
      const other = await open();
      const failOver = await replicated();
      const lost = await created(store, newRun("lost", { jobs: 3 }));
      const job = await pending(store, lost);
      await store.startJobs(lost, [job], moment());
      await failOver();
      const run = await created(other, newRun("r", { jobs: 3 }));
      expect([run.key, run.epoch]).toEqual([lost.key, lost.epoch]);
      await other.startJobs(run, [await pending(other, run)], moment());
      const before = [await other.findStatus("r"), await other.findJobs("r", -1, 10)];
      const late = [
        () => store.startJobs(lost, [job], moment()),
        () => endJob(store, lost, job, answered("fail"), endMoment()),
        () => store.endOpenJobs(lost, struck, moment()),
        () => store.endRun(lost, "failed", endMoment()),
      ];
      for (const write of late) await expect(write()).rejects.toMatchObject(LOST);
      expect([await other.findStatus("r"), await other.findJobs("r", -1, 10)]).toEqual(before);
      expect((await store.renew([lost])).lost).toEqual([lost]);
    });

    test("settles no callback of a later run with the attempt for one that was lost", async () => {
      const store = await open();
      const due = async (runId: string) => {
        const callbacks = [{ callbackId: `cb_${runId}`, url: "https://example.com" }];
        const run = await created(store, newRun(runId, { callbacks }));
        await store.endOpenJobs(run, struck, moment());
        await store.endRun(run, "failed", endMoment());
        return (await store.callbacks.claim(CREATED, 1_000, []))!;
      };
      const failOver = await replicated();
      const lost = await due("lost");
      await failOver();
      const later = await due("r");
      expect([later.key, later.attempts]).toEqual([lost.key, lost.attempts]);
      await store.callbacks.settle(lost, { state: "delivered", at: CREATED });
      expect((await store.callbacks.findCallbacks("r"))[0]?.state).toBe("pending");
      await store.callbacks.settle(later, { state: "delivered", at: CREATED });
      expect((await store.callbacks.findCallbacks("r"))[0]?.state).toBe("delivered");
    });
  });
}
