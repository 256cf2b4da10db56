/**
 * kill -9, over and over, while submits come and jobs are in flight: no acknowledged run is lost,
 * none ends twice, and no job that the API showed as finished is dispatched again.
 */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import type { Job } from "../../src/domain/job.ts";
import { pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import type { Api } from "../support/process.ts";
import { random } from "../support/random.ts";
import { dispatches, Ledger, lookUntilKilled, submitUntilKilled } from "./promises.ts";
import { serve } from "./serving.ts";

const ROUNDS = 26;
const SUBMITTERS = 4;

describe("volley serve, killed over and over", () => {
  const seed = random.seed();
  test(`keeps its promises in ${ROUNDS} rounds (seed ${seed})`, async () => {
    const { integer } = random(seed);
    const delays = random(seed + 1);
    using folder = temporaryFolder();
    using endpoint = startEndpoint(async (received) => {
      await Bun.sleep(delays.integer(0, 60));
      return pass(received);
    });
    const options = { data: folder.path, regions: { eu: endpoint.base, us: endpoint.base } };
    const ledger = new Ledger();
    let interrupted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      await using server = await serve(options);
      const shown = [...ledger.finished.keys()];
      const from = endpoint.received.length;
      const acknowledged = ledger.acknowledged.size;
      // Under load nothing may be acknowledged before the kill, and then nobody notices it.
      const killed = new AbortController();
      const work = [
        ...Array.from({ length: SUBMITTERS }, (_, index) =>
          submitUntilKilled(server.api, ledger, seed + round * 100 + index),
        ),
        lookUntilKilled(server.api, ledger, seed + round * 100 + 50, killed.signal),
      ];
      // However slow the machine, each kill interrupts something, and some follow what was shown.
      await eventually("there is something to lose", () => {
        const isShown = round % 3 > 0 || ledger.finished.size > shown.length;
        return isShown && ledger.acknowledged.size > acknowledged + 1 && endpoint.inFlight() > 0;
      });
      if (round % 2 > 0) await Bun.sleep(integer(0, 120));
      if (endpoint.inFlight() > 0) interrupted++;
      expect(await server.stop("SIGKILL")).toBe(137);
      killed.abort();
      await Promise.all(work);
      const again = dispatches(endpoint, from);
      expect([seed, shown.filter((jobId) => again.has(jobId))]).toEqual([seed, []]);
    }
    // A loop that never interrupts anything, or in which nothing happens, proves nothing.
    expect(interrupted).toBeGreaterThan(ROUNDS / 4);
    expect(ledger.acknowledged.size).toBeGreaterThan(ROUNDS);
    expect(ledger.finished.size).toBeGreaterThan(ROUNDS / 4);

    await using last = await serve(options);
    const shown = [...ledger.finished.keys()];
    const from = endpoint.received.length;
    const jobs = await settle(last.api, ledger);
    const again = dispatches(endpoint, from);
    expect([seed, shown.filter((jobId) => again.has(jobId))]).toEqual([seed, []]);
    expectAttempts(jobs, dispatches(endpoint), seed);
    expect(await last.stop()).toBe(0);
    expectSound(join(folder.path, "volley.sqlite"));
  }, 300_000);
});

/** Waits for every acknowledged run to end, checks its books, and returns all jobs. */
async function settle(api: Api, ledger: Ledger): Promise<Job[]> {
  const all: Job[] = [];
  for (const [runId, requested] of ledger.acknowledged) {
    const summary = await api.ended(runId);
    ledger.note(summary);
    const { jobs, state } = summary;
    expect([runId, state, summary.summary]).toEqual([
      runId,
      "completed",
      { total: requested, passed: requested, failed: 0, errored: 0 },
    ]);
    expect(jobs.flatMap(({ results }) => results)).toHaveLength(requested);
    all.push(...jobs);
  }
  return all;
}

/** An attempt is recorded before its dispatch, so it may be one that never reached the endpoint. */
function expectAttempts(
  jobs: readonly Job[],
  calls: ReadonlyMap<string, number>,
  seed: number,
): void {
  let repeated = 0;
  for (const { attempts, jobId } of jobs) {
    const count = calls.get(jobId) ?? 0;
    expect([seed, jobId, count >= 1 && count <= attempts]).toEqual([seed, jobId, true]);
    if (attempts > 1) repeated++;
  }
  expect(repeated).toBeGreaterThan(0);
}

function expectSound(path: string): void {
  using db = new Database(path, { readonly: true });
  expect(db.query("PRAGMA quick_check").values()).toEqual([["ok"]]);
  expect(db.query("PRAGMA foreign_key_check").values()).toEqual([]);
  expect(
    db.query("SELECT count(*) FROM runs WHERE state IN ('queued', 'running')").values(),
  ).toEqual([[0]]);
}
