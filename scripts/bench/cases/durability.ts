/** What it costs to sync job progress to the disk, and not only submits and ends. */
import { CannotRun, type Case } from "../case.ts";
import { compare, interleave } from "../comparison.ts";
import { startEndpoint } from "../endpoint.ts";
import { jobUrls, startVolley, timedRun } from "../volley.ts";

const FLAG = "--synchronous";

export const durability: Case = async ({ binary, jobs, rounds }) => {
  const help = await Bun.$`${binary} serve --help`.text();
  if (!help.includes(FLAG)) throw new CannotRun(`This volley serve has no ${FLAG}.`);
  await using endpoint = await startEndpoint();
  await using full = await startVolley({ binary, endpoint, args: [FLAG, "full"] });
  await using normal = await startVolley({ binary, endpoint, args: [FLAG, "normal"] });
  const run = { urls: jobUrls(jobs), concurrency: 256 };
  const measured = await interleave(rounds, {
    full: () => timedRun(full, endpoint, run),
    normal: () => timedRun(normal, endpoint, run),
  });
  return [
    compare({
      name: "job progress synced, plain HTTP, C=256",
      compared: "rate against not synced",
      unit: "jobs/s",
      better: "more",
      volley: measured.full.map(({ ms }) => (jobs / ms) * 1_000),
      baseline: measured.normal.map(({ ms }) => (jobs / ms) * 1_000),
      target: 0.9,
    }),
  ];
};
