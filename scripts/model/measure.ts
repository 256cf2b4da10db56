/** What the statements of the real store take, on a real server that waits for the disk. */
import { SQL } from "bun";

import type { JobEnd } from "../../src/domain/job.ts";
import { newId, newIds } from "../../src/lib/ids.ts";
import { silentLog } from "../../src/lib/log.ts";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";
import type { NewRun, StoredRun } from "../../src/store/store.ts";
import type { PostgresServer } from "../../test/support/postgres.ts";
import { median } from "../bench/comparison.ts";
import type { Cost, Costs } from "./simulate.ts";

const SIZES = [1, 8, 32, 128] as const;
const REPEATS = 25;

export interface Measured {
  readonly costs: Costs;
  /** One line per statement, for a person. */
  readonly lines: readonly string[];
}

export async function measureCosts(server: PostgresServer): Promise<Measured> {
  const url = await server.createDatabase();
  const store = new PostgresStore({
    url,
    prepare: true,
    leaseMs: 15_000,
    pollMs: 2_000,
    name: "model",
    log: silentLog,
  });
  await store.open();
  await store.renew([]);
  const wait = await commitMs(url);
  const work = (ms: number): Cost => ({ work: Math.max(0.05, ms - wait), wait });
  const records = await recordMs(store);
  const slope = fit(records.map(([rows, ms]) => [rows, Math.max(0, ms - wait)]));
  const submit = await timed(async () => void (await submitted(store, 10)));
  const ended = await endMs(store);
  const renew = await timed(async () => void (await store.renew([])));
  const claim = await timed(async () => void (await store.claim(100)));
  await store.close();
  return {
    costs: {
      record: (rows) => ({ work: slope.base + slope.perRow * rows, wait }),
      submit: work(submit),
      endRun: work(ended),
      renew: work(renew),
      // Nothing is written as long as there is nothing to claim.
      claim: { work: claim, wait: 0 },
    },
    lines: [
      `commit (waits for the disk): ${wait.toFixed(2)} ms`,
      ...records.map(([rows, ms]) => `record of ${rows} jobs: ${ms.toFixed(2)} ms`),
      `  as a line: ${slope.base.toFixed(2)} ms + ${slope.perRow.toFixed(3)} ms per job, and the commit`,
      `submit of a run of 10 jobs: ${submit.toFixed(2)} ms`,
      `end of a run: ${ended.toFixed(2)} ms`,
      `renewal: ${renew.toFixed(2)} ms`,
      `claim that finds nothing: ${claim.toFixed(2)} ms`,
    ],
  };
}

async function submitted(store: PostgresStore, jobs: number): Promise<StoredRun> {
  const run: NewRun = {
    runId: newId("run"),
    mode: "remote",
    tags: [],
    timeoutMs: 60_000,
    retries: 0,
    createdAt: Date.now(),
    requestDigest: "model",
    jobId: newIds("job"),
    jobs: Array.from({ length: jobs }, (_, index) => ({
      url: `http://site.example/${index}`,
      region: "eu",
      runners: [{ name: "t", input: { url: `http://site.example/${index}` } }],
    })),
  };
  const answer = await store.submit(run);
  if (!answer.created) throw new Error("The run was there already.");
  return answer.run;
}

/** Medians of groups of starts and groups of ends, by size. */
async function recordMs(store: PostgresStore): Promise<[rows: number, ms: number][]> {
  const measured: [number, number][] = [];
  for (const size of SIZES) {
    const run = await submitted(store, size * REPEATS);
    const jobs = await store.pendingJobs(run, -1, size * REPEATS);
    const times: number[] = [];
    let event = 1;
    for (let from = 0; from < jobs.length; from += size) {
      const group = jobs.slice(from, from + size);
      const at = Date.now();
      const end: JobEnd = {
        state: "completed",
        results: [{ name: "t", status: "pass", durationMs: 1 }],
      };
      const ended = group.map((job) => ({ job, end, at, durationMs: 1 }));
      times.push(
        await elapsed(() => store.startJobs(run, group, { at, event: event + 1 })),
        await elapsed(() => store.endJobs(run, ended, event + 1 + size)),
      );
      event += 2 * size;
    }
    measured.push([size, median(times)]);
  }
  return measured;
}

async function endMs(store: PostgresStore): Promise<number> {
  const times: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const run = await submitted(store, 1);
    await store.endOpenJobs(run, { state: "failed" }, { at: Date.now(), event: 2 });
    const moment = { at: Date.now(), event: 3, durationMs: 1 };
    times.push(await elapsed(() => store.endRun(run, "failed", moment)));
  }
  return median(times);
}

/** What a commit of almost nothing takes more than a statement that commits nothing. */
async function commitMs(url: string): Promise<number> {
  await using sql = new SQL(url, { max: 1 });
  await sql`CREATE TABLE scratch (x int)`;
  await sql`INSERT INTO scratch VALUES (1)`;
  const written = await timed(async () => void (await sql`UPDATE scratch SET x = x + 1`));
  const read = await timed(async () => void (await sql`SELECT x FROM scratch`));
  return Math.max(0, written - read);
}

async function timed(act: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) times.push(await elapsed(act));
  return median(times);
}

async function elapsed(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

/** The line through points, by least squares. */
export function fit(points: readonly (readonly [number, number])[]): {
  readonly base: number;
  readonly perRow: number;
} {
  const x = mean(points.map(([value]) => value));
  const y = mean(points.map(([, value]) => value));
  const spread = points.reduce((sum, [value]) => sum + (value - x) ** 2, 0);
  const perRow = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) / spread;
  return { base: Math.max(0.05, y - perRow * x), perRow: Math.max(0, perRow) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
