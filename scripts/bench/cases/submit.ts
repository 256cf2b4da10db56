/**
 * Submits, from the POST to the 202 that says the run is on disk. The jobs wait: one is in flight,
 * at an endpoint that holds its answer.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { bareBinary, type BareServer, startBare } from "../bare/binaries.ts";
import { type Case, expectCount } from "../case.ts";
import { compare, interleave } from "../comparison.ts";
import { startEndpoint } from "../endpoint.ts";
import { load, startLoad } from "../load.ts";
import { dataFolder, jobUrls, runRequest, startVolley, statusOf, submit } from "../volley.ts";

const HELD = () => "?gate";

export const submits: Case = async ({ binary, jobs, quick, rounds }) => {
  const folder = await dataFolder();
  try {
    await using endpoint = await startEndpoint();
    await using bare = await startBare(await bareBinary("runs"), [join(folder, "bare.sqlite")]);
    await using volley = await startVolley({ binary, endpoint, args: ["--max-in-flight", "1"] });
    await using tool = startLoad();
    const ms = quick ? 50 : 500;
    const small = runRequest({ urls: jobUrls(1, HELD) });
    const rates = await interleave(rounds, {
      volley: () => load(tool, volley, { path: "/api/orchestrator", body: small, ms }),
      bare: () => load(tool, bare, { path: "/", body: small, ms }),
    });
    const large = runRequest({ urls: jobUrls(jobs, HELD) });
    const times = await interleave(rounds, {
      volley: async () => {
        const began = performance.now();
        const runId = await submit(volley, large);
        const took = performance.now() - began;
        expectCount("jobs of the submit", (await statusOf(volley, runId)).totalJobs, jobs);
        return took;
      },
      bare: () => postMs(bare, large),
    });
    const one = "submit of 1 runner, 16 at a time";
    const many = `submit of ${jobs} runners`;
    const against = "against a bare route with one synced insert";
    return [
      compare({
        name: one,
        compared: `rate ${against}`,
        unit: "answers/s",
        better: "more",
        volley: rates.volley.map(({ perSecond }) => perSecond),
        baseline: rates.bare.map(({ perSecond }) => perSecond),
      }),
      compare({
        name: many,
        compared: "time against the bound",
        unit: "ms",
        better: "less",
        volley: times.volley,
        baseline: 500,
        target: 1,
      }),
      compare({
        name: many,
        compared: `time ${against}`,
        unit: "ms",
        better: "less",
        volley: times.volley,
        baseline: times.bare,
      }),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
};

async function postMs({ origin }: BareServer, body: string): Promise<number> {
  const headers = { "content-type": "application/json" };
  const began = performance.now();
  const response = await fetch(origin, { method: "POST", headers, body });
  await response.text();
  expectCount("status of the bare submit", response.status, 202);
  return performance.now() - began;
}
