/** A run ten times as large: rate, submit and memory; how quick reads stay while jobs fly. */
import { type Case, expectCount } from "../case.ts";
import { compare, interleave, told } from "../comparison.ts";
import { startEndpoint } from "../endpoint.ts";
import { memory } from "../processes.ts";
import {
  endOf,
  jobUrls,
  type RunOptions,
  runRequest,
  startVolley,
  submit,
  timedRun,
  type Volley,
} from "../volley.ts";

const REGIONS = 4;
const CONCURRENCY = 256;
const MEGABYTE = 1e6;

/** Peak memory is that of one server over all rounds. */
export const large: Case = async ({ binary, jobs, rounds }) => {
  await using endpoint = await startEndpoint();
  await using volley = await startVolley({ binary, endpoint, regions: REGIONS });
  const measure = async (count: number) => {
    const { ms, submitMs } = await timedRun(volley, endpoint, ofJobs(count));
    const peak = (await memory(volley.pid, "peak")) / MEGABYTE;
    return { perSecond: (count / ms) * 1_000, submitMs, peak };
  };
  // The large run is long: one of the small size warms up for both.
  await measure(jobs);
  const sides = { one: () => measure(jobs), ten: () => measure(jobs * 10) };
  const { one, ten } = await interleave(rounds, sides, true);
  const name = `run of ${jobs * 10} jobs`;
  return [
    compare({
      name,
      compared: `rate against a run of ${jobs}`,
      unit: "jobs/s",
      better: "more",
      volley: ten.map(({ perSecond }) => perSecond),
      baseline: one.map(({ perSecond }) => perSecond),
      target: 0.85,
    }),
    compare({
      name,
      compared: "peak memory against the bound",
      unit: "MB",
      better: "less",
      volley: ten.map(({ peak }) => peak),
      baseline: 200,
      target: 1,
    }),
    told(
      { name, compared: "time to accept it", unit: "ms" },
      ten.map(({ submitMs }) => submitMs),
    ),
  ];
};

function ofJobs(count: number): RunOptions {
  return { urls: jobUrls(count / REGIONS), regions: REGIONS, concurrency: CONCURRENCY };
}

/** How late is an answer to somebody else while a run is submitted, and while its jobs fly? */
export const busy: Case = async ({ binary, jobs, rounds }) => {
  await using endpoint = await startEndpoint();
  await using volley = await startVolley({ binary, endpoint });
  await timedRun(volley, endpoint, { urls: jobUrls(1), runId: "other" });
  const body = runRequest({ urls: jobUrls(jobs), concurrency: CONCURRENCY });
  const { reads } = await interleave(rounds, {
    reads: async () => {
      let runId = "";
      const accepted = submit(volley, body).then((id) => (runId = id));
      const submitting = await latencies(volley, accepted);
      const ended = endOf(volley, runId, jobs);
      const flying = await latencies(volley, ended);
      return { submitting: Math.max(...submitting), flying: p99(flying) };
    },
  });
  const bound = { unit: "ms", better: "less", target: 1 } as const;
  return [
    compare({
      ...bound,
      name: `status and list while ${jobs} jobs fly`,
      compared: "p99 against the bound",
      volley: reads.map(({ flying }) => flying),
      baseline: 20,
    }),
    compare({
      ...bound,
      name: `status and list while ${jobs} runners are submitted`,
      compared: "slowest against the bound",
      volley: reads.map(({ submitting }) => submitting),
      baseline: 50,
    }),
  ];
};

/** Milliseconds of status and list in turn, a millisecond between them, until `end` resolves. */
async function latencies({ api }: Volley, end: Promise<unknown>): Promise<number[]> {
  const ended = new AbortController();
  const over = end.finally(() => ended.abort());
  const measured: number[] = [];
  for (let asked = 0; !ended.signal.aborted; asked++) {
    const began = performance.now();
    const response = await fetch(asked % 2 === 0 ? `${api}/other/status` : api);
    await response.text();
    expectCount("status of the answer", response.status, 200);
    measured.push(performance.now() - began);
    await Bun.sleep(1);
  }
  await over;
  return measured;
}

function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? NaN;
}
