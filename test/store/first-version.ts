/** What a store of the first version held, and what one of this version must make of it. */
import { expect } from "bun:test";
import { join } from "node:path";

import type { RunStore } from "../../src/store/store.ts";
import { answered, CREATED, endJob, endMoment, iso, moment } from "./fixture.ts";

/** The statements that made the schema. `folder`: that of the migrations of a store. */
export function firstSchema(folder: "sqlite" | "postgres"): Promise<string[]> {
  const migrations = join(import.meta.dir, "../../src/store", folder, "migrations");
  const names = ["0001-runs-and-jobs", "0001-callbacks", "0001-keys"];
  return Promise.all(names.map((name) => Bun.file(join(migrations, `${name}.sql`)).text()));
}

/** A run with one job in each state, for tables that are empty. */
export const FIRST_ROWS = [
  `
  INSERT INTO runs (
  run_id, request_digest, mode, tags, timeout_ms, retries, state, total_jobs, queued_jobs,
  running_jobs, completed_jobs, failed_jobs, total, passed, errored, created_at, updated_at,
  last_event
) VALUES (
  'r', 'd', 'remote', '[]', 60000, 0, 'running', 4, 1, 1, 1, 1, 4, 1, 1, ${CREATED},
  ${CREATED + 9}, 6
)`,
  `
  INSERT INTO jobs (
  run, position, job_id, url, region, runners, state, attempts, results, error, error_code,
  error_source, started_at, completed_at, duration_ms, started_event, ended_event
) VALUES
  (1, 0, 'job_0', 'http://a', 'eu', '[{"name":"t"}]', 'completed', 1,
    '[{"name":"t","status":"pass"}]', NULL, NULL, NULL, ${CREATED + 1}, ${CREATED + 3}, 2, 2, 5),
  (1, 1, 'job_1', 'http://b', 'eu', '[{"name":"t"}]', 'failed', 2, NULL, 'It hung up.',
    'connection_closed', 'transport', ${CREATED + 1}, ${CREATED + 4}, 3, 3, 6),
  (1, 2, 'job_2', 'http://c', 'eu', '[{"name":"t"}]', 'running', 1, NULL, NULL, NULL, NULL,
    ${CREATED + 2}, NULL, NULL, 4, NULL),
  (1, 3, 'job_3', 'http://d', NULL, '[{"name":"t"}]', 'queued', 0, NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL)`,
] as const;

/** The run is there as it was, and goes on. */
export async function expectToGoOn(store: RunStore): Promise<void> {
  const job = { attempts: 1, region: "eu", startedAt: iso(CREATED + 1) };
  expect(await store.findJobs("r", -1, 10)).toMatchObject([
    { ...job, jobId: "job_0", url: "http://a", state: "completed", durationMs: 2 },
    { ...job, jobId: "job_1", state: "failed", attempts: 2, errorCode: "connection_closed" },
    { ...job, jobId: "job_2", state: "running", startedAt: iso(CREATED + 2), results: [] },
    { jobId: "job_3", state: "queued", attempts: 0, results: [] },
  ]);
  const events = await store.findEvents("r", 0, 10);
  expect(events.map(({ id, type }) => `${id} ${type}`)).toEqual([
    "1 run.started",
    "2 job.started",
    "3 job.started",
    "4 job.started",
    "5 job.finished",
    "6 job.finished",
  ]);
  await store.renew([]);
  const [run] = await store.claim(10);
  const jobs = await store.pendingJobs(run!, -1, 10);
  expect(jobs.map(({ jobId }) => jobId)).toEqual(["job_2", "job_3"]);
  await store.startJobs(run!, jobs, moment());
  for (const one of jobs) await endJob(store, run!, one, answered("pass"), endMoment());
  expect(await store.findStatus("r")).toMatchObject({ completedJobs: 3, failedJobs: 1 });
  expect((await store.findJobs("r", 1, 10)).map(({ attempts }) => attempts)).toEqual([2, 1]);
  expect((await store.findEvents("r", 6, 10)).map(({ type }) => type)).toEqual([
    "job.started",
    "job.started",
    "job.finished",
    "job.finished",
  ]);
}
