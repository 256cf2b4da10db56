/** volley as a user has it: the compiled binary, its HTTP API, and a run from submit to its end. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expectCount } from "./case.ts";
import type { Endpoint } from "./endpoint.ts";
import { firstLine, processorMs, TRUST } from "./processes.ts";

/** What a run of 100 000 jobs in one request needs. */
const RAISED = ["--max-runners", "1000000", "--max-body", "1GiB", "--max-backlog", "1000000"];

export interface Volley extends AsyncDisposable {
  readonly pid: number;
  readonly origin: string;
  /** Base of the API. */
  readonly api: string;
  readonly stop: (signal: NodeJS.Signals) => Promise<unknown>;
}

export interface VolleyOptions {
  readonly binary: string;
  /** Every region's endpoint; without one, volley has no regions. */
  readonly endpoint?: Pick<Endpoint, "base">;
  /** How many there are, 1 by default: a job of several that share an endpoint is marked. */
  readonly regions?: number;
  readonly args?: readonly string[];
  /** The data folder; without one, a new folder that is removed at the end. */
  readonly data?: string;
}

const REGIONS = ["eu", "us", "ap", "sa"];

/** Starts `volley serve`; resolves once it listens. */
export async function startVolley(options: VolleyOptions): Promise<Volley> {
  const { args = [], binary, data, endpoint, regions: count = 1 } = options;
  const folder = data ?? (await dataFolder());
  const log = join(folder, "bench.log");
  const names = endpoint ? REGIONS.slice(0, count) : [];
  const regions = names.map((name) => [name, endpoint?.base]);
  const child = Bun.spawn([binary, "serve", "--port", "0", "--data", folder, ...RAISED, ...args], {
    stdio: ["ignore", "pipe", Bun.file(log)],
    env: {
      ...process.env,
      ...TRUST,
      PLAYWRIGHT_RUNNERS: JSON.stringify(Object.fromEntries(regions)),
    },
  });
  const line = await firstLine(child.stdout);
  if (line === undefined) throw new Error(`volley did not start: ${await Bun.file(log).text()}`);
  const origin = line.split(" ").at(-1) ?? "";
  const stop = async (signal: NodeJS.Signals): Promise<unknown> => {
    child.kill(signal);
    return child.exited;
  };
  return {
    pid: child.pid,
    origin,
    api: `${origin}/api/orchestrator`,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop("SIGKILL");
      if (data === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

export function dataFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "volley-bench-"));
}

/** The urls of a run's jobs; `more` is what the endpoint looks at. */
export function jobUrls(count: number, more: (index: number) => string = () => ""): string[] {
  return Array.from({ length: count }, (_, index) => `http://site.example/${index}${more(index)}`);
}

export interface RunOptions {
  readonly urls: readonly string[];
  readonly concurrency?: number;
  /** In how many regions each url runs; a job each. */
  readonly regions?: number;
  readonly runId?: string;
}

/** The request of a run, as JSON. */
export function runRequest({ concurrency, regions = 1, runId, urls }: RunOptions): string {
  const names = REGIONS.slice(0, regions);
  const runners = urls.flatMap((url) =>
    names.map((region) => ({ name: "t", region, input: { url } })),
  );
  return JSON.stringify({ mode: "remote", concurrency, runId, runners });
}

/** Submits and returns the run's id. */
export async function submit({ api }: Volley, body: string): Promise<string> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(api, { method: "POST", headers, body });
  if (response.status !== 202) throw new Error(`The submit was refused: ${await response.text()}`);
  return ((await response.json()) as { runId: string }).runId;
}

export interface Status {
  readonly state: string;
  readonly totalJobs: number;
  readonly completedJobs: number;
}

/** The status of a run, at its end or after `wait` seconds. */
export async function statusOf({ api }: Volley, runId: string, wait = 0): Promise<Status> {
  const response = await fetch(`${api}/${runId}/status?wait=${wait}`);
  if (!response.ok) throw new Error(`The status was refused: ${await response.text()}`);
  return (await response.json()) as Status;
}

/** Waits for the end of a run and checks that every job completed and passed. */
export async function endOf(volley: Volley, runId: string, jobs: number): Promise<void> {
  let status: Status;
  do status = await statusOf(volley, runId, 60);
  while (status.state === "queued" || status.state === "running");
  expectCount("state of the run", status.state, "completed");
  expectCount("jobs completed", status.completedJobs, jobs);
}

/** Results of a run by verdict; read apart from what is timed. */
export async function expectPassed({ api }: Volley, runId: string, jobs: number): Promise<void> {
  const { runs } = (await (await fetch(api)).json()) as {
    runs: { runId: string; summary: { total: number; passed: number } }[];
  };
  const summary = runs.find((run) => run.runId === runId)?.summary;
  expectCount("results passed", summary?.passed, jobs);
  expectCount("results in all", summary?.total, jobs);
}

export interface RunFigures {
  readonly ms: number;
  /** Processor time of volley, in milliseconds. */
  readonly cpuMs: number;
  readonly submitMs: number;
}

/** One run, from submit to its end, and whether every job was dispatched once and passed. */
export async function timedRun(
  volley: Volley,
  endpoint: Endpoint,
  options: RunOptions,
): Promise<RunFigures> {
  const body = runRequest(options);
  const jobs = options.urls.length * (options.regions ?? 1);
  const before = await endpoint.received();
  const cpu = await processorMs(volley.pid);
  const began = performance.now();
  const runId = await submit(volley, body);
  const submitMs = performance.now() - began;
  await endOf(volley, runId, jobs);
  const ms = performance.now() - began;
  const cpuMs = (await processorMs(volley.pid)) - cpu;
  await expectPassed(volley, runId, jobs);
  expectCount("jobs at the endpoint", (await endpoint.received()) - before, jobs);
  return { ms, cpuMs, submitMs };
}
