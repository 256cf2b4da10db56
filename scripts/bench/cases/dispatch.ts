/** Runs from submit to their end, against scripts that send the same jobs and keep nothing. */
import type { Case, CaseOptions } from "../case.ts";
import { compare, interleave, type Row } from "../comparison.ts";
import { type Endpoint, type Loop, startEndpoint, timedLoop } from "../endpoint.ts";
import { startTool } from "../processes.ts";
import type { LoopAnswer } from "../tools/loop.ts";
import { jobUrls, startVolley, timedRun, type Volley } from "../volley.ts";

const FETCH = "bare fetch loop";
const P_LIMIT = "p-limit script";

interface Jobs {
  readonly label: string;
  readonly urls: readonly string[];
  readonly concurrency: number;
}

/** Over HTTP: how near to a script that keeps nothing. */
export const dispatchPlain: Case = async (options) => {
  await using parts = await start(options, "http");
  const jobs = { label: "plain HTTP", urls: jobUrls(options.jobs), concurrency: 256 };
  const { fetch, pLimit, volley } = await interleave(options.rounds, {
    volley: () => parts.volley(jobs),
    fetch: () => parts.fetch(jobs),
    pLimit: () => parts.pLimit(jobs),
  });
  return [
    rate(jobs, volley, { what: FETCH, figures: fetch, target: 0.8 }),
    processor(jobs, volley, { what: FETCH, figures: fetch, target: 1 / 1.5 }),
    rate(jobs, volley, { what: P_LIMIT, figures: pLimit }),
  ];
};

/** Over TLS: volley multiplexes, scripts open a connection for every 65th request in flight. */
export const dispatchTls: Case = async (options) => {
  await using parts = await start(options, "https");
  const rows: Row[] = [];
  for (const concurrency of [256, 1_000]) {
    const jobs = { label: "TLS", urls: jobUrls(options.jobs), concurrency };
    const { fetch, pLimit, volley } = await interleave(options.rounds, {
      volley: () => parts.volley(jobs),
      fetch: () => parts.fetch(jobs),
      pLimit: () => parts.pLimit(jobs),
    });
    rows.push(
      rate(jobs, volley, { what: `${FETCH} (HTTP/1.1)`, figures: fetch, target: 2.5 }),
      rate(jobs, volley, { what: `${P_LIMIT} (HTTP/1.1)`, figures: pLimit }),
    );
  }
  return rows;
};

/** An endpoint that takes its time: what keeps many requests in flight, and what does not. */
export const slowEndpoint: Case = async (options) => {
  const ms = 50;
  const concurrency = 1_000;
  const urls = jobUrls(options.jobs, () => `?ms=${ms}`);
  const plain = { label: `${ms} ms endpoint, plain HTTP`, urls, concurrency };
  const tls = { ...plain, label: `${ms} ms endpoint, TLS` };
  await using http = await start(options, "http");
  const overHttp = await interleave(options.rounds, {
    volley: () => http.volley(plain),
    fetch: () => http.fetch(plain),
  });
  await using https = await start(options, "https");
  const overTls = await interleave(options.rounds, { volley: () => https.volley(tls) });
  const ideal = overTls.volley.map(() => ({ ms: (urls.length / concurrency) * ms }));
  return [
    rate(plain, overHttp.volley, { what: FETCH, figures: overHttp.fetch, target: 0.85 }),
    rate(tls, overTls.volley, { what: "ideal", figures: ideal, target: 0.6 }),
  ];
};

/** Few slow jobs among many quick ones: a window that slides against one that does. */
export const mixedLatency: Case = async (options) => {
  await using parts = await start(options, "http");
  const rows: Row[] = [];
  for (const [concurrency, count] of [
    [64, options.jobs / 4],
    [256, options.jobs],
  ] as const) {
    const urls = jobUrls(count, (index) => `?ms=${index % 50 === 0 ? 500 : 10}`);
    const jobs = { label: "98 % 10 ms, 2 % 500 ms", urls, concurrency };
    const { fetch, volley } = await interleave(options.rounds, {
      volley: () => parts.volley(jobs),
      fetch: () => parts.fetch(jobs),
    });
    rows.push(rate(jobs, volley, { what: FETCH, figures: fetch, target: 0.9 }));
  }
  return rows;
};

interface Parts extends AsyncDisposable {
  readonly volley: (jobs: Jobs) => Promise<LoopFigures>;
  readonly fetch: (jobs: Jobs) => Promise<LoopAnswer>;
  readonly pLimit: (jobs: Jobs) => Promise<LoopAnswer>;
}

type LoopFigures = Pick<LoopAnswer, "ms" | "cpuMs">;

async function start({ binary }: CaseOptions, scheme: "http" | "https"): Promise<Parts> {
  await using stack = new AsyncDisposableStack();
  const endpoint: Endpoint = stack.use(await startEndpoint(scheme));
  const server: Volley = stack.use(await startVolley({ binary, endpoint }));
  const fetchLoop: Loop = stack.use(startTool("fetch-loop"));
  const pLimitLoop: Loop = stack.use(startTool("p-limit-loop"));
  const kept = stack.move();
  return {
    volley: ({ concurrency, urls }) => timedRun(server, endpoint, { concurrency, urls }),
    fetch: (jobs) => timedLoop(fetchLoop, endpoint, jobs),
    pLimit: (jobs) => timedLoop(pLimitLoop, endpoint, jobs),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Baseline<Figures> {
  readonly what: string;
  readonly figures: readonly Figures[];
  readonly target?: number;
}

function rate(
  { concurrency, label, urls }: Jobs,
  volley: readonly Pick<LoopAnswer, "ms">[],
  { figures, what, ...target }: Baseline<Pick<LoopAnswer, "ms">>,
): Row {
  const perSecond = ({ ms }: Pick<LoopAnswer, "ms">): number => (urls.length / ms) * 1_000;
  return compare({
    name: `${label}, C=${concurrency}`,
    compared: `rate against the ${what}`,
    unit: "jobs/s",
    better: "more",
    volley: volley.map(perSecond),
    baseline: figures.map(perSecond),
    ...target,
  });
}

function processor(
  { concurrency, label, urls }: Jobs,
  volley: readonly LoopFigures[],
  { figures, what, ...target }: Baseline<LoopFigures>,
): Row {
  const perJob = ({ cpuMs }: LoopFigures): number => (cpuMs / urls.length) * 1_000;
  return compare({
    name: `${label}, C=${concurrency}`,
    compared: `processor time against the ${what}`,
    unit: "µs/job",
    better: "less",
    volley: volley.map(perJob),
    baseline: figures.map(perJob),
    ...target,
  });
}
