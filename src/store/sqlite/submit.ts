import { toStoredRun } from "../rows.ts";
/**
 * Keeping a submitted run: in one transaction if it is small, else its jobs in slices, so that no
 * other write and no reader waits long for it.
 *
 * A run whose jobs came in slices appears with the last of them. Until then its key stands in
 * `incoming_runs`; whatever stops the submit, the slices written so far are deleted like the jobs
 * of a pruned run, at the latest after the next start.
 */
import type { NewRun, StoredRun, Submission, Submitted } from "../store.ts";
import type { SqliteCallbacks } from "./callbacks.ts";
import type { GroupCommit } from "./group-commit.ts";
import { jobKey, type Statements } from "./statements.ts";

/** A slice takes some 20 ms at most. */
const SLICE_JOBS = 5_000;
const SLICE_CHARACTERS = 4 * 1024 ** 2;

interface JobRow {
  readonly position: number;
  readonly jobId: string;
  readonly url: string;
  readonly region: string | null;
  readonly runners: string;
  readonly expected: string | null;
}

export class Submits {
  readonly #sql: Statements;
  readonly #commits: GroupCommit;
  readonly #callbacks: SqliteCallbacks;

  constructor(sql: Statements, commits: GroupCommit, callbacks: SqliteCallbacks) {
    this.#sql = sql;
    this.#commits = commits;
    this.#callbacks = callbacks;
    // Of submits that an earlier process did not live to complete.
    for (const { run } of sql.findIncoming.all()) {
      commits.write("progress", () => this.#giveUp(run)).catch(() => {});
    }
  }

  async submit(run: NewRun): Promise<Submitted> {
    const slices = slicesOf(run);
    const only = slices.next();
    const second = slices.next();
    if (second.done) {
      return this.#commits.write("durable", () => this.#insertWhole(run, only.value ?? []));
    }
    const reserved = await this.#commits.write("progress", () => this.#reserve(run));
    if (typeof reserved !== "number") return { created: false, ...reserved };
    try {
      return await this.#insertSlices(run, reserved, [only.value ?? [], second.value], slices);
    } catch (error) {
      await this.#commits.write("progress", () => this.#giveUp(reserved)).catch(() => {});
      throw error;
    }
  }

  /** What is there under an id or an idempotency key. */
  find(ids: Pick<NewRun, "runId" | "idempotencyKey">): Submission | undefined {
    const found = this.#sql.findSubmitted.all(ids.runId, ids.idempotencyKey ?? null);
    const [existing, other] = found;
    if (other) return { runId: ids.runId };
    return existing && { runId: existing.run_id, requestDigest: existing.request_digest };
  }

  async #insertSlices(
    run: NewRun,
    key: number,
    [first, second]: readonly [readonly JobRow[], readonly JobRow[]],
    slices: Iterable<readonly JobRow[]>,
  ): Promise<Submitted> {
    await this.#commits.write("progress", () => this.#insertJobs(key, first));
    let last = second;
    for (const slice of slices) {
      const rows = last;
      await this.#commits.write("progress", () => this.#insertJobs(key, rows));
      last = slice;
    }
    return this.#commits.write("durable", () => this.#complete(run, key, last));
  }

  #insertWhole(run: NewRun, rows: readonly JobRow[]): Submitted {
    const existing = this.find(run);
    if (existing) return { created: false, ...existing };
    const stored = this.#insertRun(run, null);
    this.#insertJobs(stored.key, rows);
    return { created: true, run: stored };
  }

  /** A key that no other run ever gets, or who has the run's id. */
  #reserve(run: NewRun): number | Submission {
    const existing = this.find(run);
    if (existing) return existing;
    const { key } = this.#insertRun(run, null);
    this.#sql.pruneRun.run(key);
    this.#sql.noteIncoming.run(key);
    return key;
  }

  #complete(run: NewRun, key: number, rows: readonly JobRow[]): Submitted {
    const existing = this.find(run);
    if (existing) {
      this.#giveUp(key);
      return { created: false, ...existing };
    }
    this.#insertJobs(key, rows);
    this.#sql.forgetIncoming.run(key);
    return { created: true, run: this.#insertRun(run, key) };
  }

  #giveUp(key: number): void {
    this.#sql.forgetIncoming.run(key);
    this.#sql.notePruned.run(key);
  }

  #insertRun(run: NewRun, key: number | null): StoredRun {
    const { jobs, runId, tags } = run;
    let runners = 0;
    const regions = new Set<string>();
    for (const job of jobs) {
      runners += job.runners.length;
      if (job.region !== undefined) regions.add(job.region);
    }
    const row = this.#sql.insertRun.get({
      key,
      runId,
      idempotencyKey: run.idempotencyKey ?? null,
      requestDigest: run.requestDigest,
      parentRunId: run.parentRunId ?? null,
      mode: run.mode,
      tags: JSON.stringify(tags),
      concurrency: run.concurrency ?? null,
      timeoutMs: run.timeoutMs,
      jobTimeoutMs: run.jobTimeoutMs ?? null,
      retries: run.retries,
      warnings: run.warnings ? JSON.stringify(run.warnings) : null,
      policy: run.policy === undefined ? null : JSON.stringify(run.policy),
      ignore: run.ignore === undefined ? null : JSON.stringify(run.ignore),
      totalJobs: jobs.length,
      total: runners,
      createdAt: run.createdAt,
    });
    if (!row) throw new Error(`The insert of run ${runId} returned nothing.`);
    for (const tag of new Set(tags)) this.#sql.insertFacet.run("tag", tag, row.key);
    for (const region of regions) this.#sql.insertFacet.run("region", region, row.key);
    this.#callbacks.insert(row.key, run.callbacks ?? []);
    return toStoredRun(row);
  }

  #insertJobs(run: number, rows: readonly JobRow[]): void {
    for (const { expected, jobId, position, region, runners, url } of rows) {
      const key = jobKey(run, position);
      this.#sql.insertJob.run(key, run, position, jobId, url, region, runners, expected);
    }
  }
}

/** The jobs as rows, so many at a time that a transaction stays short. */
function* slicesOf({ jobId, jobs }: NewRun): Generator<JobRow[], undefined> {
  let slice: JobRow[] = [];
  let characters = 0;
  let position = 0;
  for (const job of jobs) {
    const { region = null, url } = job;
    const runners = JSON.stringify(job.runners);
    const expected = job.expected === undefined ? null : JSON.stringify(job.expected);
    slice.push({ position, jobId: jobId(position), url, region, runners, expected });
    characters += runners.length;
    position++;
    if (slice.length < SLICE_JOBS && characters < SLICE_CHARACTERS) continue;
    yield slice;
    slice = [];
    characters = 0;
  }
  if (slice.length > 0) yield slice;
  return undefined;
}
