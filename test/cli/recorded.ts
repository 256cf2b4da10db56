/** Records of runs, made without a server. */
import { type NamesOf, RunRecord } from "../../src/cli/run-record.ts";
import type { Job, State } from "../../src/domain/job.ts";
import type { Result } from "../../src/domain/result.ts";
import type { RunHead } from "../../src/domain/run.ts";

export type Said = Result["status"] | "running" | "queued";

const STATES: Readonly<Record<Said, State>> = {
  pass: "completed",
  fail: "completed",
  error: "completed",
  running: "running",
  queued: "queued",
};

export interface SaidJob extends Partial<Job> {
  readonly said: Said;
  /** Names of its runners. */
  readonly names: readonly string[];
  /** What all its results have in common. */
  readonly result?: Partial<Result>;
}

const HEAD: RunHead = {
  runId: "run_1",
  mode: "remote",
  tags: [],
  state: "running",
  summary: { total: 0, passed: 0, failed: 0, errored: 0 },
  createdAt: "2026-01-01T00:00:00.000Z",
};

/** A record of jobs that are as they say. */
export async function recordOf(
  said: readonly SaidJob[],
  { head = {}, namesOf }: { head?: Partial<RunHead>; namesOf?: NamesOf } = {},
): Promise<RunRecord> {
  const names = new Map(said.map((job, index) => [`job_${index}`, job.names]));
  const jobs = said.map((job, index) => jobOf(job, index));
  const record = new RunRecord(
    "run_1",
    namesOf ?? (({ jobId }: Partial<Job>) => names.get(jobId ?? "") ?? []),
  );
  const total = said.reduce((sum, job) => sum + job.names.length, 0);
  await record.load({
    head: { ...HEAD, summary: { ...HEAD.summary, total }, ...head },
    async *jobs() {
      yield* jobs;
    },
  });
  return record;
}

function jobOf({ names, result, said, ...job }: SaidJob, index: number): Job {
  const isOpen = said === "running" || said === "queued";
  return {
    jobId: `job_${index}`,
    url: "https://a.example/",
    region: "eu",
    state: STATES[said],
    attempts: 1,
    results: isOpen ? [] : names.map((name) => ({ name, status: said, ...result })),
    ...job,
  };
}
