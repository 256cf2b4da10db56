/**
 * kill -9, over and over, while submits come and jobs are in flight: no acknowledged run is lost,
 * none ends twice, and no job that the API showed as finished is dispatched again.
 */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import type { Job } from "../../src/domain/job.ts";
import type { RunSummary } from "../../src/domain/run.ts";
import { type Endpoint, pass, startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import type { Api } from "../support/process.ts";
import { random } from "../support/random.ts";
import { serve } from "./serving.ts";

const ROUNDS = 26;
const SUBMITTERS = 4;

const isOver = (state: string): boolean => state !== "queued" && state !== "running";

/** What the test knows, to be held against what the API says later. */
class Ledger {
  /** Requested runners of each run that was acknowledged, by run. */
  readonly acknowledged = new Map<string, number>();
  /** Runs once seen in a terminal state, as they were. */
  readonly ended = new Map<string, string>();
  /** Jobs once shown finished, with how often they had been dispatched then. */
  readonly finished = new Map<string, number>();
  #submits = 0;

  nextId(): string {
    return `run-${++this.#submits}`;
  }

  /** Notes what a summary shows as final; throws if something final has changed. */
  note(summary: RunSummary): void {
    const { jobs, runId, state } = summary;
    for (const job of jobs) if (isOver(job.state)) this.finished.set(job.jobId, job.attempts);
    if (!isOver(state)) return;
    const text = JSON.stringify(summary);
    const before = this.ended.get(runId);
    if (before !== undefined && before !== text) throw new Error(`${before} became ${text}`);
    this.ended.set(runId, text);
  }
}

/** Submits one run after the other until the server is gone. */
async function submitUntilKilled(api: Api, ledger: Ledger, seed: number): Promise<void> {
  const { fraction, integer } = random(seed);
  for (;;) {
    const runId = ledger.nextId();
    const count = integer(1, 4);
    const runners = Array.from({ length: count }, (_, index) => ({
      name: `r${index}`,
      region: fraction() < 0.5 ? "eu" : "us",
      input: { url: `https://example.com/${integer(0, 2)}` },
    }));
    try {
      const response = await api.post({
        mode: "remote",
        runners,
        runId,
        concurrency: integer(1, 4),
      });
      if (response.status !== 202) throw new Error(`Submit answered ${response.status}.`);
      await response.text();
      ledger.acknowledged.set(runId, count);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("Submit")) throw error;
      return;
    }
  }
}

/** Looks at runs that may be ending until the server is gone. */
async function lookUntilKilled(api: Api, ledger: Ledger, seed: number): Promise<void> {
  const { pick } = random(seed);
  for (;;) {
    const open = [...ledger.acknowledged.keys()].slice(-30);
    if (open.length === 0) {
      await Bun.sleep(1);
      continue;
    }
    let summary: RunSummary;
    try {
      summary = await api.summary(pick(open));
    } catch {
      return;
    }
    ledger.note(summary);
  }
}

/** Idempotency keys of the calls an endpoint got, with how often each came. */
function dispatches(endpoint: Endpoint, from = 0): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { headers } of endpoint.received.slice(from)) {
    const key = headers.get("idempotency-key") ?? "none";
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

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
      const work = [
        ...Array.from({ length: SUBMITTERS }, (_, index) =>
          submitUntilKilled(server.api, ledger, seed + round * 100 + index),
        ),
        lookUntilKilled(server.api, ledger, seed + round * 100 + 50),
      ];
      await Bun.sleep(integer(40, 160));
      if (endpoint.inFlight() > 0) interrupted++;
      expect(await server.stop("SIGKILL")).toBe(137);
      await Promise.all(work);
      const again = dispatches(endpoint, from);
      expect([seed, shown.filter((jobId) => again.has(jobId))]).toEqual([seed, []]);
    }
    // A loop that never interrupts anything, or in which nothing happens, proves nothing.
    expect(interrupted).toBeGreaterThan(ROUNDS / 2);
    expect(ledger.acknowledged.size).toBeGreaterThan(ROUNDS * 2);
    expect(ledger.finished.size).toBeGreaterThan(ROUNDS);

    await using last = await serve(options);
    const shown = [...ledger.finished.keys()];
    const from = endpoint.received.length;
    const jobs = await settle(last.api, ledger);
    const again = dispatches(endpoint, from);
    expect([seed, shown.filter((jobId) => again.has(jobId))]).toEqual([seed, []]);
    expectAttempts(jobs, dispatches(endpoint), seed);
    expect(await last.stop()).toBe(0);
    expectSound(join(folder.path, "volley.sqlite"));
  }, 120_000);
});

/** Waits for every acknowledged run to end, checks its books, and returns all jobs. */
async function settle(api: Api, ledger: Ledger): Promise<Job[]> {
  const all: Job[] = [];
  for (const [runId, requested] of ledger.acknowledged) {
    const summary = await api.ended(runId, 30_000);
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
