/**
 * The cases of the benchmark. Each measures volley and its baseline in turn, round by round, and
 * checks its counts: a fast wrong answer is none.
 */
import { bareLoop, run, startEndpoint, startVolley, type Volley } from "./processes.ts";
import { median, type Row, spread } from "./statistics.ts";

export interface CaseOptions {
  readonly binary: string;
  readonly rounds: number;
  /** Jobs of the small runs. */
  readonly jobs: number;
}

export const CASES: Readonly<Record<string, (options: CaseOptions) => Promise<Row[]>>> = {
  dispatch: (options) => dispatch("plain HTTP", options, 256, plainUrls(options.jobs)),
  mixed: (options) => dispatch("98 % 10 ms, 2 % 500 ms", options, 64, mixedUrls(options.jobs / 5)),
  status,
  large,
};

function plainUrls(jobs: number): string[] {
  return Array.from({ length: jobs }, (_, index) => `http://site.example/${index}`);
}

function mixedUrls(jobs: number): string[] {
  return plainUrls(jobs).map((url, index) => `${url}?ms=${index % 50 === 0 ? 500 : 10}`);
}

/** A run, from submit to its end, against a bare loop over the same jobs. */
async function dispatch(
  name: string,
  { binary, rounds }: CaseOptions,
  concurrency: number,
  urls: readonly string[],
): Promise<Row[]> {
  await using endpoint = await startEndpoint();
  await using volley = await startVolley(binary, endpoint.base, LIMITS);
  const ours: number[] = [];
  const bare: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const one = await run(volley, concurrency, urls);
    const other = await bareLoop(endpoint.base, concurrency, urls);
    // The first round warms both up.
    if (round === 0) continue;
    ours.push(one.ms);
    bare.push(other.ms);
    cpu.push(other.cpuMs / one.cpuMs);
  }
  const label = `${name}, C=${concurrency}`;
  const rate = (times: readonly number[]): string =>
    `${Math.round((urls.length / median(times)) * 1_000)} jobs/s`;
  return [
    {
      name: label,
      what: "jobs/s against a bare fetch loop",
      volley: rate(ours),
      baseline: rate(bare),
      ratio: spread(ours.map((ms, index) => (bare[index] ?? NaN) / ms)),
    },
    {
      name: label,
      what: "processor time per job, bare / volley",
      volley: "",
      baseline: "",
      ratio: spread(cpu),
    },
  ];
}

const LIMITS = { args: ["--max-runners", "1000000", "--max-body", "1GiB"] };
const STATUS_MS = 1_000;

/** Status of an ended run of many jobs against that of a run of one. */
async function status({ binary, jobs, rounds }: CaseOptions): Promise<Row[]> {
  await using endpoint = await startEndpoint();
  await using volley = await startVolley(binary, endpoint.base, LIMITS);
  const one = await endedRun(volley, plainUrls(1));
  const many = await endedRun(volley, plainUrls(jobs));
  const small: number[] = [];
  const big: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const pair = [await statusRate(volley, one), await statusRate(volley, many)] as const;
    if (round === 0) continue;
    small.push(pair[0]);
    big.push(pair[1]);
  }
  return [
    {
      name: "status",
      what: `answers/s, a run of ${jobs} jobs against one of 1`,
      volley: `${Math.round(median(big))}/s`,
      baseline: `${Math.round(median(small))}/s`,
      ratio: spread(big.map((rate, index) => rate / (small[index] ?? NaN))),
    },
  ];
}

async function endedRun(volley: Volley, urls: readonly string[]): Promise<string> {
  await run(volley, 256, urls);
  const { runs } = (await (await fetch(volley.api)).json()) as { runs: { runId: string }[] };
  return runs[0]?.runId ?? "";
}

async function statusRate({ api }: Volley, runId: string): Promise<number> {
  const end = performance.now() + STATUS_MS;
  let answers = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (performance.now() < end) {
        const response = await fetch(`${api}/${runId}/status`);
        if (!response.ok) throw new Error(`Status answered ${response.status}.`);
        await response.text();
        answers++;
      }
    }),
  );
  return (answers / STATUS_MS) * 1_000;
}

/** Ten times the jobs in one run: the rate per job, the submit, and the memory of the server. */
async function large({ binary, jobs, rounds }: CaseOptions): Promise<Row[]> {
  await using endpoint = await startEndpoint();
  const small: number[] = [];
  const big: number[] = [];
  const submits: number[] = [];
  let memory = 0;
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    await using volley = await startVolley(binary, endpoint.base, LIMITS);
    await run(volley, 256, plainUrls(1_000));
    const one = await run(volley, 256, plainUrls(jobs));
    const ten = await run(volley, 256, plainUrls(jobs * 10));
    small.push((jobs / one.ms) * 1_000);
    big.push(((jobs * 10) / ten.ms) * 1_000);
    submits.push(one.submitMs);
    memory = Math.max(memory, await volley.peakMemory());
  }
  return [
    {
      name: `run of ${jobs * 10} jobs`,
      what: `jobs/s against a run of ${jobs} (submit ${Math.round(median(submits))} ms, peak ${Math.round(memory / 1e6)} MB)`,
      volley: `${Math.round(median(big))} jobs/s`,
      baseline: `${Math.round(median(small))} jobs/s`,
      ratio: spread(big.map((rate, index) => rate / (small[index] ?? NaN))),
    },
  ];
}
