/**
 * Submits, from the POST to the 202 that says the run is on disk. The jobs wait: one is in flight,
 * at an endpoint that holds its answer.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { bareBinary, type BareServer, startBare } from "../bare/binaries.ts";
import { type Case, type CaseOptions, expectCount } from "../case.ts";
import { compare, interleave, type Row } from "../comparison.ts";
import { startEndpoint } from "../endpoint.ts";
import { load, startLoad } from "../load.ts";
import {
  dataFolder,
  jobUrls,
  runRequest,
  startVolley,
  statusOf,
  submit,
  type Volley,
} from "../volley.ts";

const HELD = () => "?gate";

const AGAINST_BARE = "against a bare route with one synced insert";

interface Parts {
  readonly volley: Volley;
  readonly bare: BareServer;
}

export const submits: Case = async (options) => {
  const folder = await dataFolder();
  try {
    await using endpoint = await startEndpoint();
    await using bare = await startBare(await bareBinary("runs"), [join(folder, "bare.sqlite")]);
    const args = ["--max-in-flight", "1"];
    await using volley = await startVolley({ binary: options.binary, endpoint, args });
    const parts = { volley, bare };
    return [...(await small(options, parts)), ...(await large(options, parts))];
  } finally {
    await rm(folder, { recursive: true });
  }
};

async function small({ quick, rounds }: CaseOptions, { bare, volley }: Parts): Promise<Row[]> {
  await using tool = startLoad();
  const ms = quick ? 50 : 500;
  const body = runRequest({ urls: jobUrls(1, HELD) });
  const rates = await interleave(rounds, {
    volley: () => load(tool, volley, { path: "/api/orchestrator", body, ms }),
    bare: () => load(tool, bare, { path: "/", body, ms }),
  });
  return [
    compare({
      name: "submit of 1 runner, 16 at a time",
      compared: `rate ${AGAINST_BARE}`,
      unit: "answers/s",
      better: "more",
      volley: rates.volley.map(({ perSecond }) => perSecond),
      baseline: rates.bare.map(({ perSecond }) => perSecond),
    }),
  ];
}

async function large({ jobs, rounds }: CaseOptions, { bare, volley }: Parts): Promise<Row[]> {
  const body = runRequest({ urls: jobUrls(jobs, HELD) });
  const times = await interleave(rounds, {
    volley: async () => {
      const began = performance.now();
      const runId = await submit(volley, body);
      const took = performance.now() - began;
      expectCount("jobs of the submit", (await statusOf(volley, runId)).totalJobs, jobs);
      return took;
    },
    bare: () => postMs(bare, body),
  });
  const figures = {
    name: `submit of ${jobs} runners`,
    unit: "ms",
    better: "less",
    volley: times.volley,
  } as const;
  return [
    compare({ ...figures, compared: "time against the bound", baseline: 500, target: 1 }),
    compare({ ...figures, compared: `time ${AGAINST_BARE}`, baseline: times.bare }),
  ];
}

async function postMs({ origin }: BareServer, body: string): Promise<number> {
  const headers = { "content-type": "application/json" };
  const began = performance.now();
  const response = await fetch(origin, { method: "POST", headers, body });
  await response.text();
  expectCount("status of the bare submit", response.status, 202);
  return performance.now() - began;
}
