/** Runs and jobs as the orchestrator hands them to a store. */
import { afterEach, beforeEach } from "bun:test";

import type { JobEnd } from "../../src/domain/job.ts";
import type { Result, ResultStatus } from "../../src/domain/result.ts";
import type {
  EndMoment,
  Moment,
  NewRun,
  PendingJob,
  RunStore,
  StoredRun,
} from "../../src/store/store.ts";
import type { OpenStore } from "./contract.ts";

export const CREATED = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
export const iso = (ms: number): string => new Date(ms).toISOString();

/** Room between two moments: one end of open jobs tells an event for each. */
const EVENTS_APART = 100;
let events = 0;

/** A moment after all before it. */
export function moment(at = CREATED): Moment {
  return { at, event: (events += EVENTS_APART) };
}

/** The moment of an end, after all moments before it. */
export function endMoment(at = CREATED, durationMs = 0): EndMoment {
  return { ...moment(at), durationMs };
}

/** A run of `jobs` jobs of `runners` runners each. */
export function newRun(
  runId: string,
  { jobs = 1, runners = 1, ...change }: Partial<Omit<NewRun, "jobs">> & NewRunShape = {},
): NewRun {
  return {
    runId,
    mode: "remote",
    tags: [],
    timeoutMs: 60_000,
    retries: 0,
    createdAt: CREATED,
    requestDigest: `digest of ${runId}`,
    jobId: (position) => `job_${runId}_${position}`,
    ...change,
    jobs: Array.from({ length: jobs }, (_, job) => ({
      url: `https://example.com/${job}`,
      region: "eu-west-1",
      runners: Array.from({ length: runners }, (_, runner) => ({ name: `runner${runner}` })),
    })),
  };
}

interface NewRunShape {
  readonly jobs?: number;
  readonly runners?: number;
}

/** A completed end with these verdicts. */
export function answered(...statuses: readonly ResultStatus[]): JobEnd {
  const results: Result[] = statuses.map((status, index) => ({ name: `runner${index}`, status }));
  return { state: "completed", results };
}

export const unreachable: JobEnd = {
  state: "failed",
  error: "The endpoint hung up.",
  errorCode: "connection_closed",
  errorSource: "transport",
};

export const struck: JobEnd = {
  state: "timed_out",
  error: "The run's limit struck.",
  errorCode: "run_timed_out",
  errorSource: "timeout",
};

const owned = new WeakMap<RunStore, StoredRun[]>();

/** Submits a run that must be new. */
export async function created(store: RunStore, run: NewRun): Promise<StoredRun> {
  const submitted = await store.submit(run);
  if (!submitted.created) throw new Error(`Run ${run.runId} was there already.`);
  owned.set(store, [...(owned.get(store) ?? []), submitted.run]);
  return submitted.run;
}

/** The unfinished ones of the runs made by `created`: given up and claimed anew. */
export async function claimedAnew(store: RunStore): Promise<StoredRun[]> {
  await store.release(owned.get(store) ?? []);
  const runs = await store.claim(1_000);
  owned.set(store, runs);
  return runs;
}

/** The pending job at that position, as the store tells it now. */
export async function pending(store: RunStore, run: StoredRun, at = 0): Promise<PendingJob> {
  const [job] = await store.pendingJobs(run, at - 1, 1);
  if (job?.position !== at) throw new Error(`Job ${at} is not pending.`);
  return job;
}

/** One job ends alone. */
export function endJob(
  store: Pick<RunStore, "endJobs">,
  run: StoredRun,
  job: PendingJob,
  end: JobEnd,
  { at, durationMs, event }: EndMoment,
): Promise<void> {
  return store.endJobs(run, [{ job, end, at, durationMs }], event);
}

/** Starts and ends the job at that position. */
export async function execute(
  store: RunStore,
  run: StoredRun,
  at: number,
  end: JobEnd,
): Promise<void> {
  const job = await pending(store, run, at);
  await store.startJobs(run, [job], moment(CREATED + 1));
  await endJob(store, run, job, end, endMoment(CREATED + 2, 1));
}

/** A store for each test of a describe block. */
export function eachStore(open: OpenStore): () => RunStore {
  let store: RunStore;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());
  return () => store;
}
