/** Reads: the status of a run, whatever its size, and a list of however many runs. */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { bareBinary, startBare } from "../bare/binaries.ts";
import type { Case } from "../case.ts";
import { compare, interleave, type Row } from "../comparison.ts";
import { startEndpoint } from "../endpoint.ts";
import { load, type LoadFigures, type Server, startLoad } from "../load.ts";
import { storeRuns } from "../stored-runs.ts";
import { dataFolder, jobUrls, startVolley, timedRun } from "../volley.ts";

/** Status of a run of many jobs and of one against a bare route and one look-up. */
export const status: Case = async ({ binary, jobs, quick, rounds }) => {
  const folder = await dataFolder();
  try {
    await using endpoint = await startEndpoint();
    await using volley = await startVolley({ binary, endpoint });
    await using bare = await startBare(await bareBinary("runs"), [join(folder, "bare.sqlite")]);
    await using tool = startLoad();
    await timedRun(volley, endpoint, { urls: jobUrls(1), runId: "one" });
    await timedRun(volley, endpoint, { urls: jobUrls(jobs), runId: "many" });
    const ms = quick ? 50 : 500;
    const ask = (server: Server, path: string) => () => load(tool, server, { path, ms });
    const figures = await interleave(rounds, {
      one: ask(volley, "/api/orchestrator/one/status"),
      many: ask(volley, "/api/orchestrator/many/status"),
      bare: ask(bare, "/run_1/status"),
    });
    return [
      ...against("a bare route", "status, run of 1 job", figures.one, figures.bare),
      ...against("a bare route", `status, run of ${jobs} jobs`, figures.many, figures.bare),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** Pages of a list of very many runs against those of a few. */
export const list: Case = async ({ binary, quick, rounds }) => {
  const folders = { many: await dataFolder(), few: await dataFolder() };
  const runs = quick ? 10_000 : 1_000_000;
  try {
    await storeRuns(binary, folders.many, runs);
    await storeRuns(binary, folders.few, 100);
    await using many = await startVolley({ binary, data: folders.many });
    await using few = await startVolley({ binary, data: folders.few });
    await using tool = startLoad();
    const ms = quick ? 50 : 400;
    const rows: Row[] = [];
    for (const [label, path] of [
      ["list", "/api/orchestrator"],
      ["list of a tag", "/api/orchestrator?tag=nightly"],
      ["list of a region that failed", "/api/orchestrator?region=eu&state=failed"],
    ] as const) {
      const figures = await interleave(rounds, {
        many: () => load(tool, many, { path, ms }),
        few: () => load(tool, few, { path, ms }),
      });
      rows.push(
        compare({
          name: `${label}, ${runs} runs stored`,
          compared: "rate against 100 runs stored",
          unit: "answers/s",
          better: "more",
          volley: figures.many.map(({ perSecond }) => perSecond),
          baseline: figures.few.map(({ perSecond }) => perSecond),
        }),
      );
    }
    return rows;
  } finally {
    await rm(folders.many, { recursive: true });
    await rm(folders.few, { recursive: true });
  }
};

function against(
  what: string,
  name: string,
  volley: readonly LoadFigures[],
  baseline: readonly LoadFigures[],
): Row[] {
  return [
    compare({
      name,
      compared: `rate against ${what}`,
      unit: "answers/s",
      better: "more",
      volley: volley.map(({ perSecond }) => perSecond),
      baseline: baseline.map(({ perSecond }) => perSecond),
      target: 0.8,
    }),
    compare({
      name,
      compared: `processor time against ${what}`,
      unit: "µs/answer",
      better: "less",
      volley: volley.map(({ cpuUs }) => cpuUs),
      baseline: baseline.map(({ cpuUs }) => cpuUs),
    }),
  ];
}
