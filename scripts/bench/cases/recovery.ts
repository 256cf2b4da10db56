/** A server killed in the middle of a run: when does it answer again, and when does the run go on? */
import { rm } from "node:fs/promises";

import { type Case, expectCount } from "../case.ts";
import { compare, interleave, told } from "../comparison.ts";
import { type Endpoint, startEndpoint } from "../endpoint.ts";
import {
  dataFolder,
  endOf,
  expectPassed,
  jobUrls,
  runRequest,
  startVolley,
  statusOf,
  submit,
} from "../volley.ts";

const RUN = "interrupted";

export const recovery: Case = async ({ binary, jobs, rounds }) => {
  await using endpoint = await startEndpoint();
  const measured = await interleave(rounds, {
    killed: () => recovered(binary, endpoint, jobs),
    empty: async () => {
      const began = performance.now();
      await using volley = await startVolley({ binary, endpoint });
      await (await fetch(volley.api)).text();
      return { answerMs: performance.now() - began, goesOnMs: NaN };
    },
  });
  const name = `start after kill -9, ${jobs} jobs unfinished`;
  return [
    compare({
      name,
      compared: "first answer against a start of an empty store",
      unit: "ms",
      better: "less",
      volley: measured.killed.map(({ answerMs }) => answerMs),
      baseline: measured.empty.map(({ answerMs }) => answerMs),
    }),
    told(
      { name, compared: "until the run goes on", unit: "ms" },
      measured.killed.map(({ goesOnMs }) => goesOnMs),
    ),
  ];
};

async function recovered(binary: string, endpoint: Endpoint, jobs: number) {
  const data = await dataFolder();
  try {
    await interrupt(binary, endpoint, data, jobs);
    const goesOn = endpoint.next();
    const began = performance.now();
    await using volley = await startVolley({ binary, endpoint, data });
    expectCount("jobs after the kill", (await statusOf(volley, RUN)).totalJobs, jobs);
    const answerMs = performance.now() - began;
    await goesOn;
    const goesOnMs = performance.now() - began;
    await endpoint.gate("open");
    await endOf(volley, RUN, jobs);
    await expectPassed(volley, RUN, jobs);
    return { answerMs, goesOnMs };
  } finally {
    await rm(data, { recursive: true });
  }
}

/** Leaves a run in `data` whose jobs are all unfinished, some of them in flight. */
async function interrupt(
  binary: string,
  endpoint: Endpoint,
  data: string,
  jobs: number,
): Promise<void> {
  await endpoint.gate("close");
  await using volley = await startVolley({ binary, endpoint, data });
  const before = await endpoint.received();
  await submit(volley, runRequest({ urls: jobUrls(jobs, () => "?gate"), runId: RUN }));
  while ((await endpoint.received()) - before < Math.min(jobs, 100)) await Bun.sleep(5);
}
