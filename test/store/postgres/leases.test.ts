/** Who owns a run, and what the others cannot do to it. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { AppError } from "../../../src/domain/errors.ts";
import { Client } from "../../../src/store/postgres/client.ts";
import { RunWriter } from "../../../src/store/postgres/writer.ts";
import type { Hint, RunStore, StoredRun } from "../../../src/store/store.ts";
import { eventually } from "../../support/eventually.ts";
import { noPostgres } from "../../support/postgres.ts";
import {
  answered,
  created,
  endJob,
  endMoment,
  moment,
  newRun,
  pending,
  struck,
} from "../fixture.ts";
import { emptied, type EmptiedDatabase } from "./database.ts";
import { replicasOn } from "./stores.ts";

setDefaultTimeout(120_000);

const LEASE = 900;

async function rowsOf({ sql }: EmptiedDatabase): Promise<string> {
  return JSON.stringify([
    [...(await sql`SELECT * FROM runs ORDER BY key`)],
    [...(await sql`SELECT * FROM jobs ORDER BY run, position`)],
  ]);
}

/** Renews a few times, as a replica does that lives. */
async function live(store: RunStore, runs: readonly StoredRun[] = [], ms = LEASE): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; await Bun.sleep(LEASE / 6)) {
    await store.renew(runs);
  }
}

if (noPostgres) {
  describe(`leases (${noPostgres})`, () => {
    test.skip("keep writers apart", () => {});
  });
} else {
  const database = await emptied();
  const open = replicasOn(database, LEASE);
  afterAll(() => database.close());

  describe("a run that another replica has claimed", () => {
    test("is not changed by any write of the one that had it before", async () => {
      const first = await open();
      const second = await open();
      const old = await created(first, newRun("r", { jobs: 4 }));
      const [running, queued] = await first.pendingJobs(old, -1, 2);
      await first.startJobs(old, [running!], moment());
      await first.release([old]);
      const [run] = await second.claim(10);
      expect([run?.runId, run?.epoch]).toEqual(["r", old.epoch + 1]);
      const before = await rowsOf(database);
      const late = [
        () => first.startJobs(old, [queued!], moment()),
        () => first.startJobs(old, [running!], moment()),
        () => endJob(first, old, running!, answered("pass"), endMoment()),
        () => first.endOpenJobs(old, struck, moment()),
        () => first.endRun(old, "failed", endMoment()),
      ];
      for (const write of late) {
        await expect(write()).rejects.toMatchObject({ code: "lease_lost" });
      }
      expect(await rowsOf(database)).toBe(before);
      expect((await first.renew([old])).lost).toEqual([old]);
      await endJob(second, run!, running!, answered("pass"), endMoment());
      expect((await second.findStatus("r"))?.completedJobs).toBe(1);
    });

    test("is not freed by a release of the one that had it before", async () => {
      const store = await open();
      const other = await open();
      const old = await created(store, newRun("r"));
      await store.release([old]);
      const [run] = await store.claim(1);
      await store.release([old]);
      expect(await other.claim(1)).toEqual([]);
      await store.release([run!]);
      expect((await other.claim(1)).map(({ epoch }) => epoch)).toEqual([run!.epoch + 1]);
    });

    test("is told apart from one claimed anew by the same replica, in the same group", async () => {
      const store = await open();
      const old = await created(store, newRun("r", { jobs: 2 }));
      const [one, two] = await store.pendingJobs(old, -1, 2);
      await store.release([old]);
      const [run] = await store.claim(1);
      const writes = [
        store.startJobs(old, [one!], moment()),
        store.startJobs(run!, [two!], moment()),
      ];
      const [late, current] = await Promise.allSettled(writes);
      expect([late?.status, current?.status]).toEqual(["rejected", "fulfilled"]);
      expect((await store.findJobs("r", -1, 2)).map(({ state }) => state)).toEqual([
        "queued",
        "running",
      ]);
    });
  });

  describe("claims", () => {
    test("of several replicas at once share nothing and leave nothing", async () => {
      const source = await open();
      const runs: StoredRun[] = [];
      for (let index = 0; index < 60; index++) {
        runs.push(await created(source, newRun(`r${index}`)));
      }
      await source.release(runs);
      const stores = await Promise.all(Array.from({ length: 4 }, () => open()));
      const claimed = await Promise.all(stores.map((store) => store.claim(30)));
      const rest = await source.claim(100);
      const ids = [...claimed.flat(), ...rest].map(({ runId }) => runId);
      expect(ids.toSorted()).toEqual(runs.map(({ runId }) => runId).toSorted());
    });

    test("find nothing while the owner lives, and all of it once it is dead", async () => {
      const dead = await open();
      const living = await open();
      const run = await created(dead, newRun("r"));
      const keepAlive = live(dead, [run], 2 * LEASE);
      await live(living, [], 2 * LEASE);
      expect(await living.claim(10)).toEqual([]);
      await keepAlive;
      const died = performance.now();
      const claimed = await eventually("the run is claimed", async () => {
        await living.renew([]);
        const runs = await living.claim(10);
        return runs.length > 0 && runs;
      });
      expect(claimed.map(({ runId }) => runId)).toEqual(["r"]);
      expect(performance.now() - died).toBeGreaterThan(LEASE / 2);
      // It is a replica again, one of two, and may submit.
      expect(await dead.renew([run])).toEqual({ lost: [run], cancelled: [], replicas: 2 });
      expect((await created(dead, newRun("next"))).epoch).toBe(1);
    });

    test("leave an owner alone whose renewal comes late, before anybody else came", async () => {
      const late = await open();
      const run = await created(late, newRun("r"));
      await Bun.sleep(2 * LEASE);
      expect(await late.renew([run])).toEqual({ lost: [], cancelled: [], replicas: 1 });
    });

    test("bury nobody right after an outage: others have their time to come back", async () => {
      const one = await open();
      const other = await open();
      const run = await created(other, newRun("r"));
      await live(one, [], LEASE);
      await live(other, [run], 100);
      // Neither reached the database for longer than a lease.
      await Bun.sleep(2 * LEASE);
      await one.renew([]);
      expect(await one.claim(10)).toEqual([]);
      expect((await other.renew([run])).lost).toEqual([]);
    });

    test("free what a replica owns without knowing it, after two renewals", async () => {
      const store = await open();
      // As if the answer to this submit had been lost.
      const run = await created(store, newRun("r"));
      await store.renew([]);
      expect(await store.claim(10)).toEqual([]);
      await store.renew([]);
      expect((await store.claim(10)).map(({ runId }) => runId)).toEqual(["r"]);
      expect((await store.renew([run])).lost).toEqual([run]);
    });
  });

  describe("a write whose answer was lost", () => {
    test("is not counted twice when it is repeated under another number", async () => {
      const store = await open();
      const run = await created(store, newRun("r"));
      const job = await pending(store, run);
      const client = new Client({ url: database.url, session: true });
      let lost = true;
      const query: Client["query"] = async (send) => {
        const answer = await client.query(send);
        if (lost) throw new AppError("store_unavailable", "The answer was lost.");
        return answer;
      };
      const writer = new RunWriter({ query });
      await expect(writer.startJobs(run, [job], moment())).rejects.toMatchObject({
        code: "store_unavailable",
      });
      await expect(writer.startJobs(run, [job], moment())).rejects.toBeInstanceOf(AppError);
      lost = false;
      await writer.startJobs(run, [job], moment());
      expect((await store.findJobs("r", -1, 1))[0]?.attempts).toBe(1);
      expect((await store.findStatus("r"))?.runningJobs).toBe(1);
      const [told] = await store.findEvents("r", 1, 1);
      expect(await store.findEvents("r", 1, 10)).toEqual([told!]);
      // The next one is another attempt, and the only start that is told from then on.
      await writer.startJobs(run, [job], moment());
      expect((await store.findJobs("r", -1, 1))[0]?.attempts).toBe(2);
      const [again] = await store.findEvents("r", 1, 1);
      expect(again).toMatchObject({ type: "job.started", data: { attempt: 2 } });
      expect(await store.findEvents("r", told!.id, 1)).toEqual([again!]);
      expect(await store.findEvents("r", again!.id, 1)).toEqual([]);
      // Numbers that told nothing are nobody's: whoever comes next counts on from them.
      await store.release([run]);
      const [next] = await store.claim(1);
      expect(next?.lastEvent).toBe(again!.id);
      await client.close();
    });
  });

  describe("hints", () => {
    test("reach other replicas, and nonsense reaches nobody", async () => {
      const one = await open();
      const other = await open();
      const heard: Hint[] = [];
      other.sharing.listen((hint) => heard.push(hint));
      await eventually("it listens", async () => {
        one.sharing.hint({ type: "ended", runId: "early" });
        return heard.length > 0;
      });
      for (const nonsense of ["", "[", "null", '[{"type":"ended"}]', '[{"type":"shout"}]', "[1]"]) {
        await database.sql`SELECT pg_notify('volley', ${nonsense})`;
      }
      one.sharing.hint({ type: "cancel", runId: "r" });
      await eventually("the hint is there", () => heard.at(-1)?.type === "cancel");
      expect(heard.every(({ type }) => type === "ended" || type === "cancel")).toBeTrue();
      await other.release([await created(other, newRun("r"))]);
      await eventually("the release is there", () => heard.at(-1)?.type === "released");
    });
  });
}
