/**
 * Three replicas on one database, one killed after the other while submits come and jobs are in
 * flight: every acknowledged run ends once, its owner is replaced in time, and no job that the API
 * showed as finished is dispatched again.
 */
import { describe, expect, test } from "bun:test";

import type { Job } from "../../../src/domain/job.ts";
import { pass, startEndpoint } from "../../support/endpoint.ts";
import { eventually } from "../../support/eventually.ts";
import { noPostgres, sharedPostgres } from "../../support/postgres.ts";
import { random } from "../../support/random.ts";
import { dispatches, Ledger, lookUntilKilled, submitUntilKilled } from "../promises.ts";
import type { Serving } from "../serving.ts";
import { named, Rows, startReplica, TAKEOVER_MS } from "./replicas.ts";

const ROUNDS = 8;

describe(named("three replicas, killed over and over"), () => {
  const seed = random.seed();
  test.skipIf(noPostgres !== undefined)(
    `keep their promises in ${ROUNDS} rounds (seed ${seed})`,
    async () => {
      const { integer } = random(seed);
      const delays = random(seed + 1);
      using endpoint = startEndpoint(async (received) => {
        await Bun.sleep(delays.integer(0, 300));
        return pass(received);
      });
      const database = await (await sharedPostgres()).createDatabase();
      const options = { database, regions: { eu: endpoint.base, us: endpoint.base } };
      await using rows = new Rows(database);
      await using replicas = new AsyncDisposableStack();
      const ledger = new Ledger();
      const enough = new AbortController();
      const work: Promise<void>[] = [];
      let starts = 0;
      const start = async (): Promise<Serving> => {
        const replica = replicas.use(await startReplica(options));
        const from = seed + starts++ * 100;
        work.push(submitUntilKilled(replica.api, ledger, from, enough.signal));
        work.push(lookUntilKilled(replica.api, ledger, from + 50, enough.signal));
        return replica;
      };
      const alive = [await start(), await start(), await start()];
      let taken = 0;
      const takeovers: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        await Bun.sleep(integer(200, 600));
        const [victim] = alive.splice(integer(0, 2), 1);
        await eventually("it owns runs", async () => (await rows.ownedBy(victim!.pid)) > 2);
        expect(await victim!.stop("SIGKILL")).toBe(137);
        const killed = performance.now();
        if ((await rows.ownedBy(victim!.pid)) > 0) taken++;
        await eventually("others own the runs of the one that was killed", async () => {
          return (await rows.ownedBy(victim!.pid)) === 0;
        });
        takeovers.push(performance.now() - killed);
        alive.push(await start());
      }
      // A loop that never interrupts anything, or in which nothing happens, proves nothing.
      expect(taken).toBeGreaterThan(ROUNDS / 2);
      expect(ledger.acknowledged.size).toBeGreaterThan(ROUNDS);
      expect(ledger.finished.size).toBeGreaterThan(ROUNDS);

      enough.abort();
      const jobs: Job[] = [];
      await Promise.all(work);
      const [last, ...others] = alive;
      for (const other of others) expect(await other.stop("SIGKILL")).toBe(137);
      for (const [runId, total] of ledger.acknowledged) {
        const summary = await last!.api.ended(runId);
        ledger.note(summary);
        expect([runId, summary.state, summary.summary]).toEqual([
          runId,
          "completed",
          { total, passed: total, failed: 0, errored: 0 },
        ]);
        jobs.push(...summary.jobs);
      }
      const calls = dispatches(endpoint);
      for (const { attempts, jobId } of jobs) {
        const count = calls.get(jobId) ?? 0;
        expect([jobId, count >= 1 && count <= attempts]).toEqual([jobId, true]);
      }
      expect(await last!.stop("SIGTERM")).toBe(0);
      expect(await rows.miscounted()).toEqual([]);
      // The slowest may meet a busy machine.
      expect(takeovers.toSorted((a, b) => a - b)[ROUNDS / 2]).toBeLessThan(TAKEOVER_MS);
    },
    300_000,
  );
});
