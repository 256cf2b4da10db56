/**
 * Dispatch with runs kept in PostgreSQL against runs kept in a file. The server waits for the disk
 * with every commit, as in production; it shares the machine with everything else.
 */
import { noPostgres, startPostgres } from "../../../test/support/postgres.ts";
import { CannotRun, type Case } from "../case.ts";
import { compare, interleave } from "../comparison.ts";
import { startEndpoint } from "../endpoint.ts";
import { jobUrls, startVolley, timedRun } from "../volley.ts";

export const postgres: Case = async ({ binary, jobs, rounds }) => {
  if (noPostgres !== undefined) throw new CannotRun(`There is ${noPostgres}.`);
  await using server = await startPostgres({ fsync: true });
  await using endpoint = await startEndpoint();
  const args = ["--database", await server.createDatabase()];
  await using shared = await startVolley({ binary, endpoint, args });
  await using file = await startVolley({ binary, endpoint });
  const run = { urls: jobUrls(jobs), concurrency: 256 };
  const measured = await interleave(rounds, {
    shared: () => timedRun(shared, endpoint, run),
    file: () => timedRun(file, endpoint, run),
  });
  return [
    compare({
      name: "runs in PostgreSQL, plain HTTP, C=256",
      compared: "rate against runs in a file",
      unit: "jobs/s",
      better: "more",
      volley: measured.shared.map(({ ms }) => (jobs / ms) * 1_000),
      baseline: measured.file.map(({ ms }) => (jobs / ms) * 1_000),
      target: 0.6,
    }),
  ];
};
