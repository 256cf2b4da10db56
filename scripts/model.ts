/**
 * bun run model: what a fleet on PostgreSQL can do. Measures the statements of the real store,
 * holds a discrete-event model against three real replicas, and asks it about a fleet that is not
 * there.
 *
 * Exit code 1 if the prediction for three replicas is more than 20 % off.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { startPostgres } from "../test/support/postgres.ts";
import { startEndpoint } from "./bench/endpoint.ts";
import { processorMs } from "./bench/processes.ts";
import { endOf, jobUrls, runRequest, startVolley, submit } from "./bench/volley.ts";
import { build } from "./build.ts";
import { measureCosts } from "./model/measure.ts";
import { predictFleet, predictRuns } from "./model/predict.ts";
import type { Costs } from "./model/simulate.ts";

const REPLICAS = 3;
const PROCESSORS = 2;
const RUN = { jobs: 2_000, concurrency: 64 };
const ENDPOINT_MS = 100;
const TOLERANCE = 0.2;

const { values } = parseArgs({ options: { binary: { type: "string" } } });
const binary = values.binary === undefined ? await build() : resolve(values.binary);

await using server = await startPostgres({ fsync: true });
const { costs, lines } = await measureCosts(server);
console.log(`Measured on PostgreSQL, one writer:\n  ${lines.join("\n  ")}\n`);
await validate(costs);
large(costs);

async function validate(measured: Costs): Promise<void> {
  await using endpoint = await startEndpoint();
  const args = ["--database", await server.createDatabase()];
  await using replicas = new AsyncDisposableStack();
  const volleys = [];
  for (let index = 0; index < REPLICAS; index++) {
    volleys.push(replicas.use(await startVolley({ binary, endpoint, args })));
  }
  const answerMs = await endpointMs(endpoint.base);
  const urls = jobUrls(RUN.jobs, () => `?ms=${ENDPOINT_MS}`);
  // Warms up what the first run of a process compiles, opens and plans.
  await race(volleys, urls.slice(0, 300));
  const used = await processorTime(volleys);
  const actual = await race(volleys, urls);
  const workMs = ((await processorTime(volleys)) - used) / (REPLICAS * RUN.jobs);
  const shape = { ...RUN, workMs, endpointMs: () => answerMs };
  const predicted = predictRuns(measured, REPLICAS, PROCESSORS, shape);
  const off = predicted / actual - 1;
  console.log(
    [
      `${REPLICAS} replicas, a run of ${RUN.jobs} jobs each, ${RUN.concurrency} at a time, ${answerMs.toFixed(0)} ms per job (${workMs.toFixed(2)} ms of it a processor of the replica):`,
      `  predicted ${predicted.toFixed(0)} ms, measured ${actual.toFixed(0)} ms (${(off * 100).toFixed(0)} %)\n`,
    ].join("\n"),
  );
  if (Math.abs(off) > TOLERANCE) process.exitCode = 1;
}

/** One run on every replica at once, until all have ended. */
async function race(
  volleys: readonly Awaited<ReturnType<typeof startVolley>>[],
  urls: readonly string[],
): Promise<number> {
  const body = runRequest({ urls, concurrency: RUN.concurrency });
  const began = performance.now();
  await Promise.all(
    volleys.map(async (volley) => endOf(volley, await submit(volley, body), urls.length)),
  );
  return performance.now() - began;
}

/** Of all replicas so far, in milliseconds. */
async function processorTime(volleys: readonly { readonly pid: number }[]): Promise<number> {
  const times = await Promise.all(volleys.map(({ pid }) => processorMs(pid)));
  return times.reduce((sum, time) => sum + time, 0);
}

/** How long the stub takes to answer a job, as a client sees it. */
async function endpointMs(base: string): Promise<number> {
  const job = { url: `http://site.example/0?ms=${ENDPOINT_MS}`, runners: [{ name: "t" }] };
  const times: number[] = [];
  for (let probe = 0; probe < 20; probe++) {
    const began = performance.now();
    const response = await fetch(`${base}/api/runner/execute`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...job, region: "eu", runId: "probe" }),
    });
    await response.text();
    times.push(performance.now() - began);
  }
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? NaN;
}

function large(measured: Costs): void {
  for (const [replicas, jobsPerDay] of [
    [3, 10_000_000],
    [100, 10_000_000],
    [1_000, 10_000_000],
    [1_000, 100_000_000],
  ] as const) {
    const figures = predictFleet(measured, {
      replicas,
      jobsPerDay,
      jobsPerRun: 20,
      endpointMs: 2_000,
      leaseMs: 15_000,
      pollMs: 2_000,
      processors: 8,
      durationMs: 120_000,
      random: seeded(),
    });
    const { claims, renewals, statements, takeoverMs, utilization } = figures;
    console.log(
      [
        `${replicas} replicas, ${jobsPerDay / 1e6} million jobs a day, a database of 8 processors:`,
        `  ${statements.toFixed(0)} statements/s (${claims.toFixed(0)} claims, ${renewals.toFixed(0)} renewals), processors ${(utilization * 100).toFixed(1)} % busy`,
        `  take-over ${(takeoverMs.median / 1_000).toFixed(1)} s, at worst ${(takeoverMs.worst / 1_000).toFixed(1)} s; up to ${replicas * 13} connections`,
      ].join("\n"),
    );
  }
}

/** The same fleet every time (mulberry32). */
function seeded(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
