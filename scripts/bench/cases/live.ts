/**
 * What watchers of a run cost it. The run waits behind another one, whose jobs fill the server,
 * until every watcher is there.
 */
import { type Case, type CaseOptions, expectCount } from "../case.ts";
import { compare, interleave, type Row } from "../comparison.ts";
import { type Endpoint, startEndpoint } from "../endpoint.ts";
import { processorMs, startTool, type Tool } from "../processes.ts";
import type { WatchersAnswer, WatchersQuestion } from "../tools/watchers.ts";
import { endOf, expectPassed, jobUrls, runRequest, startVolley, submit } from "../volley.ts";
import type { Volley } from "../volley.ts";

type Watchers = Tool<WatchersQuestion, WatchersAnswer>;
type Detail = "progress" | "full";

interface Parts {
  readonly volley: Volley;
  readonly endpoint: Endpoint;
  readonly watchers: Watchers;
  readonly jobs: number;
}

const CONCURRENCY = 256;

export const live: Case = async (options) => {
  await using endpoint = await startEndpoint();
  await using volley = await startVolley({
    binary: options.binary,
    endpoint,
    args: ["--max-in-flight", String(CONCURRENCY)],
  });
  await using watchers: Watchers = startTool("watchers");
  const parts = { volley, endpoint, watchers, jobs: options.jobs };
  const { quick } = options;
  return [
    ...(await cost(options, parts, "progress", quick ? 50 : 1_000)),
    ...(await cost(options, parts, "full", quick ? 2 : 10)),
  ];
};

async function cost(
  { jobs, rounds }: CaseOptions,
  parts: Parts,
  detail: Detail,
  clients: number,
): Promise<Row[]> {
  const { watched, alone } = await interleave(rounds, {
    watched: () => heldRun(parts, { detail, clients }),
    alone: () => heldRun(parts),
  });
  const name = `run of ${jobs} jobs, ${clients} watchers of ${detail === "full" ? "all" : "progress"}`;
  return [
    compare({
      name,
      compared: "rate against the run alone",
      unit: "jobs/s",
      better: "more",
      volley: watched.map(({ ms }) => (jobs / ms) * 1_000),
      baseline: alone.map(({ ms }) => (jobs / ms) * 1_000),
      target: detail === "full" ? 0.7 : 0.85,
    }),
    compare({
      name,
      compared: "processor time against the run alone",
      unit: "µs/job",
      better: "less",
      volley: watched.map(({ cpuMs }) => (cpuMs / jobs) * 1_000),
      baseline: alone.map(({ cpuMs }) => (cpuMs / jobs) * 1_000),
    }),
  ];
}

/** A run that begins once its watchers are there; how long it took from then on. */
async function heldRun(
  { endpoint, jobs, volley, watchers }: Parts,
  watching?: { readonly detail: Detail; readonly clients: number },
): Promise<{ readonly ms: number; readonly cpuMs: number }> {
  await endpoint.gate("close");
  const before = await endpoint.received();
  const holding = await submit(volley, runRequest({ urls: jobUrls(CONCURRENCY, () => "?gate") }));
  while ((await endpoint.received()) - before < CONCURRENCY) await Bun.sleep(5);
  const request = runRequest({ urls: jobUrls(jobs), concurrency: CONCURRENCY });
  const runId = await submit(volley, request);
  if (watching) {
    const { clients, detail } = watching;
    const url = `${volley.api}/${runId}/events?detail=${detail}`;
    await watchers.ask({ type: "watch", url, clients });
  }
  const cpu = await processorMs(volley.pid);
  const began = performance.now();
  await endpoint.gate("open");
  await endOf(volley, runId, jobs);
  const ms = performance.now() - began;
  const cpuMs = (await processorMs(volley.pid)) - cpu;
  await endOf(volley, holding, CONCURRENCY);
  await expectPassed(volley, runId, jobs);
  if (watching) await expectSeen(watchers, watching.detail, jobs);
  return { ms, cpuMs };
}

/** Every watcher got the end; those of everything each job, unless they were told to start anew. */
async function expectSeen(watchers: Watchers, detail: Detail, jobs: number): Promise<void> {
  const seen = await watchers.ask({ type: "ended" });
  if (detail === "full" && seen.resynced === 0) {
    expectCount("jobs that each watcher saw finish", seen.jobsFinished, jobs);
  }
  if (detail === "progress") expectCount("watchers without progress", seen.progress === 0, false);
}
