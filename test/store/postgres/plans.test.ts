/** What statements read: the rows they are about, however many others there are. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { silentLog } from "../../../src/lib/log.ts";
import { PostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import type { StoredRun } from "../../../src/store/store.ts";
import { eventually } from "../../support/eventually.ts";
import { noPostgres } from "../../support/postgres.ts";
import { answered, CREATED, created, endMoment, moment, newRun, struck } from "../fixture.ts";
import { emptied } from "./database.ts";

setDefaultTimeout(120_000);

const JOBS = 20_000;
/** Rows that each of them may read: of its own, and of an index on the way. */
const FEW = 3_000;

if (noPostgres) {
  describe(`statements (${noPostgres})`, () => {
    test.skip("read few rows", () => {});
  });
} else {
  const database = await emptied();
  afterAll(() => database.close());
  const open = (url = database.url): PostgresStore =>
    new PostgresStore({
      url,
      prepare: true,
      leaseMs: 15_000,
      pollMs: 2_000,
      name: "test",
      log: silentLog,
    });

  /** Rows of jobs and runs read so far, by index and in all. */
  async function read({ sql } = database): Promise<{ byIndex: number; whole: number }> {
    const [row] = (await sql`
      SELECT sum(coalesce(idx_tup_fetch, 0))::int AS "byIndex", sum(seq_tup_read)::int AS whole
      FROM pg_stat_user_tables WHERE relname IN ('jobs', 'runs')`) as {
      byIndex: number;
      whole: number;
    }[];
    return row!;
  }

  /** Processes of the server that serve stores. */
  async function serving({ sql } = database): Promise<number[]> {
    const rows = (await sql`
      SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'volley%'`) as { pid: number }[];
    return rows.map(({ pid }) => pid);
  }

  /** The server counts what a connection read before its process is gone. */
  async function counted(before: readonly number[], of = database): Promise<void> {
    await eventually("connections are closed", async () => {
      return (await serving(of)).every((pid) => before.includes(pid));
    });
  }

  /** What a store reads; its connections tell when they close. */
  async function reads(use: (store: PostgresStore) => Promise<unknown>) {
    const others = await serving();
    const before = await read();
    const store = open();
    await use(store);
    await store.close();
    await counted(others);
    const after = await read();
    return { byIndex: after.byIndex - before.byIndex, whole: after.whole - before.whole };
  }

  describe("statements", () => {
    test("read the rows they are about, in tables that have only just grown", async () => {
      const first = open();
      await first.open();
      const run: StoredRun = await created(first, newRun("r", { jobs: JOBS }));
      const other = await created(first, newRun("other", { jobs: JOBS }));
      await first.endOpenJobs(other, struck, moment());
      await database.sql`
        INSERT INTO runs (
          run_id, request_digest, mode, tags, timeout_ms, retries, state, total_jobs, queued_jobs,
          total, created_at, updated_at, completed_at, last_event
        )
        SELECT 'past-' || n, '', 'remote', '[]', 1, 0, 'completed', 0, 0, 0, 0, 0, 0, 1
        FROM generate_series(1, ${JOBS}::int) AS n`;
      const jobs = await first.pendingJobs(run, -1, 200);
      const used: Record<string, (store: PostgresStore) => Promise<unknown>> = {
        startJobs: (store) => store.startJobs(run, jobs, moment(CREATED + 1)),
        endJobs: (store) => {
          const end = { end: answered("pass"), at: CREATED + 2, durationMs: 1 };
          const ended = jobs.slice(0, 100).map((job) => ({ job, ...end }));
          return store.endJobs(run, ended, moment().event);
        },
        pendingJobs: (store) => store.pendingJobs(run, 1_000, 200),
        findJobs: (store) => store.findJobs("r", 5_000, 200),
        findEvents: (store) => store.findEvents("r", 0, 64),
        findStatus: (store) => store.findStatus("r"),
        listRuns: (store) => store.listRuns({ url: "https://example.com/7" }, 10),
        findPast: (store) => store.findPast("https://example.com/7", {}, 10),
        requestCancel: (store) => store.requestCancel("other", CREATED),
        renew: (store) => store.renew([run]),
        claim: (store) => store.claim(10),
        release: (store) => store.release([run]),
        findSubmission: (store) => store.findSubmission({ runId: "r", idempotencyKey: "k" }),
        regionsOf: (store) => store.regionsOf(run),
        endRun: (store) => store.endRun(other, "cancelled", endMoment(CREATED + 3)),
      };
      const greedy: unknown[] = [];
      for (const [name, use] of Object.entries(used)) {
        const { byIndex, whole } = await reads(use);
        if (byIndex > FEW || whole > FEW) greedy.push({ name, byIndex, whole });
      }
      expect(greedy).toEqual([]);
      // And of what it is about, all: no index scan may stand for a statement that did nothing.
      expect((await first.findStatus("r"))?.completedJobs).toBe(100);
      const seen = await reads((store) => store.endOpenJobs(run, struck, moment()));
      expect(seen.byIndex).toBeGreaterThanOrEqual(JOBS - 100);
      expect(seen.byIndex).toBeLessThan(5 * JOBS);
      await first.close();
    });

    test("read few of many jobs that are for a handful of urls", async () => {
      const fresh = await emptied();
      await fresh.sql`
        INSERT INTO jobs (run, position, job_id, url, runners)
        SELECT n / 10, n % 10, '', 'https://example.com/' || n % 3, '[]'
        FROM generate_series(1, ${JOBS}::int) AS n`;
      await fresh.sql`ANALYZE jobs`;
      const before = await read(fresh);
      const store = open(fresh.url);
      for (const url of ["https://example.com/1", "https://example.com/rare"]) {
        await store.listRuns({ url }, 10);
        await store.findPast(url, {}, 10);
        await store.findPast(url, { from: { run: 7, job: 1 } }, 10);
      }
      await store.close();
      await Bun.sleep(200);
      const after = await read(fresh);
      await fresh.close();
      expect(after.byIndex - before.byIndex).toBeLessThan(3 * FEW);
      expect(after.whole).toBe(before.whole);
    });

    test("delete a large run, and many small ones, without a look at all for each", async () => {
      const fresh = await emptied();
      await fresh.sql`
        INSERT INTO jobs (run, position, job_id, url, runners)
        SELECT 1, n, '', '', '[]' FROM generate_series(1, ${JOBS}::int) AS n
        UNION ALL
        SELECT n, 0, '', '', '[]' FROM generate_series(2, ${JOBS}::int) AS n`;
      await fresh.sql`ANALYZE jobs`;
      await fresh.sql`INSERT INTO pruned_runs SELECT generate_series(1, 1000)`;
      const before = await read(fresh);
      const store = open(fresh.url);
      let slices = 0;
      while (await store.prune(500, { endedBefore: 0, keepRuns: JOBS })) slices++;
      await store.close();
      await Bun.sleep(200);
      const after = await read(fresh);
      const [left] = (await fresh.sql`SELECT count(*)::int AS jobs FROM jobs`) as {
        jobs: number;
      }[];
      await fresh.close();
      expect(left?.jobs).toBe(JOBS - 1_000);
      expect(slices).toBeLessThan(100);
      expect(after.byIndex - before.byIndex).toBeLessThan(5 * JOBS);
      expect(after.whole - before.whole).toBeLessThan(FEW);
    });

    test("do so by plans from when the tables were small, too", async () => {
      const fresh = await emptied();
      const store = open(fresh.url);
      await store.open();
      const live = async (runId: string, jobs: number, atOnce: number): Promise<void> => {
        const run = await created(store, newRun(runId, { jobs }));
        const some = await store.pendingJobs(run, -1, 200);
        for (let from = 0; from < some.length; from += atOnce) {
          const group = some.slice(from, from + atOnce);
          await store.startJobs(run, group, moment());
          const ended = group.map((job) => ({ job, end: answered("pass"), at: 1, durationMs: 1 }));
          await store.endJobs(run, ended, moment().event);
        }
        await store.findEvents(runId, 0, 64);
        await store.findPast("https://example.com/7", {}, 10);
        await store.endOpenJobs(run, struck, { at: CREATED, event: 10 * JOBS });
        await store.endRun(run, "failed", { ...endMoment(), event: 20 * JOBS });
      };
      // The server settles on a plan after some executions, on each connection for itself.
      for (let small = 0; small < 6; small++) await live(`small-${small}`, 20, 1);
      const before = await read(fresh);
      await live("large", JOBS, 50);
      await store.close();
      await counted([], fresh);
      const after = await read(fresh);
      await fresh.close();
      expect(after.byIndex - before.byIndex).toBeLessThan(2 * JOBS);
      expect(after.whole - before.whole).toBeLessThan(FEW);
    });
  });
}
