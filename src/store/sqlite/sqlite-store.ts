/**
 * The embedded store: one SQLite file, one writing connection, writes in groups.
 *
 * A run's counters live on its row and change in the transaction that changes its jobs, so a
 * status is one look-up whatever the size of the run.
 */
import type { Database } from "bun:sqlite";

import type { EndState, Job, JobEnd } from "../../domain/job.ts";
import { countResults, type ResultCounts } from "../../domain/result.ts";
import type { RunHead, RunStatus } from "../../domain/run.ts";
import type {
  EndTimes,
  JobTally,
  NewRun,
  PendingJob,
  RunStore,
  StoredRun,
  Submitted,
} from "../store.ts";
import { RunCounters } from "./counters.ts";
import { GroupCommit } from "./group-commit.ts";
import { type RunRow, toJob, toPendingJob, toRunHead, toRunStatus, toStoredRun } from "./rows.ts";
import { prepareStatements, type Statements } from "./statements.ts";

export class SqliteStore implements RunStore {
  readonly #db: Database;
  readonly #sql: Statements;
  readonly #counters: RunCounters;
  readonly #commits: GroupCommit;

  /** `db`: a database that `openDatabase` returned; closed together with the store. */
  constructor(db: Database) {
    this.#db = db;
    this.#sql = prepareStatements(db);
    this.#counters = new RunCounters(this.#sql.addToCounters);
    this.#commits = new GroupCommit(
      db,
      () => this.#counters.flush(),
      () => this.#counters.clear(),
    );
  }

  submit(run: NewRun): Promise<Submitted> {
    return this.#commits.write("durable", () => {
      const existing = this.#sql.findSubmitted.get(run.runId, run.idempotencyKey ?? null);
      if (existing) {
        return {
          created: false,
          runId: existing.run_id,
          requestDigest: existing.request_digest,
        } as const;
      }
      return { created: true, run: this.#insert(run) } as const;
    });
  }

  #insert(run: NewRun): StoredRun {
    const total = run.jobs.reduce((sum, { runners }) => sum + runners.length, 0);
    const row = this.#sql.insertRun.get({
      runId: run.runId,
      idempotencyKey: run.idempotencyKey ?? null,
      requestDigest: run.requestDigest,
      mode: run.mode,
      tags: JSON.stringify(run.tags),
      concurrency: run.concurrency ?? null,
      timeoutMs: run.timeoutMs,
      totalJobs: run.jobs.length,
      total,
      createdAt: run.createdAt,
    }) as RunRow;
    for (const [position, job] of run.jobs.entries()) {
      const { jobId, url, region = null, runners } = job;
      this.#sql.insertJob.run(row.key, position, jobId, url, region, JSON.stringify(runners));
    }
    return toStoredRun(row);
  }

  async unfinishedRuns(): Promise<StoredRun[]> {
    return this.#sql.unfinishedRuns.all().map(toStoredRun);
  }

  async pendingJobs(run: StoredRun, after: number, limit: number): Promise<PendingJob[]> {
    return this.#sql.pendingJobs.all(run.key, after, limit).map(toPendingJob);
  }

  startJob(run: StoredRun, job: PendingJob, at: number): Promise<void> {
    return this.#commits.write("progress", () => {
      if (this.#sql.startJob.run(at, job.key).changes === 1) {
        this.#counters.add(run.key, at, { queued_jobs: -1, running_jobs: 1 });
      } else if (this.#sql.restartJob.run(job.key).changes === 1) {
        // Interrupted: it was counted when it first started.
        this.#counters.add(run.key, at, {});
      }
    });
  }

  endJob(run: StoredRun, job: PendingJob, end: JobEnd, times: EndTimes): Promise<void> {
    return this.#commits.write("progress", () => {
      const { changes } = this.#sql.endJob.run({
        key: job.key,
        state: end.state,
        results: end.results ? JSON.stringify(end.results) : null,
        error: end.error ?? null,
        errorCode: end.errorCode ?? null,
        errorSource: end.errorSource ?? null,
        at: times.at,
        durationMs: times.durationMs,
      });
      if (changes === 0) return;
      const counts: ResultCounts = end.results
        ? countResults(end.results)
        : { passed: 0, failed: 0, errored: job.runners.length };
      this.#counters.add(run.key, times.at, {
        running_jobs: -1,
        [`${end.state}_jobs`]: 1,
        ...counts,
      });
    });
  }

  endOpenJobs(run: StoredRun, end: JobEnd, at: number): Promise<void> {
    return this.#commits.write("progress", () => {
      const open = this.#sql.countOpen.get(run.key);
      if (!open || open.queued + open.running === 0) return;
      this.#sql.endOpenJobs.run({
        run: run.key,
        state: end.state,
        error: end.error ?? null,
        errorCode: end.errorCode ?? null,
        errorSource: end.errorSource ?? null,
        at,
      });
      this.#counters.add(run.key, at, {
        queued_jobs: -open.queued,
        running_jobs: -open.running,
        [`${end.state}_jobs`]: open.queued + open.running,
        errored: open.runners,
      });
    });
  }

  async tally(run: StoredRun): Promise<JobTally> {
    const row = this.#sql.findRun.get(run.runId);
    return {
      completed: row?.completed_jobs ?? 0,
      failed: row?.failed_jobs ?? 0,
      timedOut: row?.timed_out_jobs ?? 0,
      cancelled: row?.cancelled_jobs ?? 0,
    };
  }

  endRun(run: StoredRun, state: EndState, times: EndTimes): Promise<void> {
    return this.#commits.write("durable", () => {
      this.#sql.endRun.run(state, times.at, times.durationMs, run.key);
    });
  }

  async findStatus(runId: string): Promise<RunStatus | undefined> {
    const row = this.#sql.findRun.get(runId);
    return row ? toRunStatus(row) : undefined;
  }

  async findRun(runId: string): Promise<RunHead | undefined> {
    const row = this.#sql.findRun.get(runId);
    return row ? toRunHead(row) : undefined;
  }

  async findJobs(runId: string, after: number, limit: number): Promise<Job[]> {
    const run = this.#sql.findRun.get(runId);
    return run ? this.#sql.findJobs.all(run.key, after, limit).map(toJob) : [];
  }

  async close(): Promise<void> {
    this.#commits.close();
    // A live statement would keep the database open, and its log beside it.
    for (const statement of Object.values(this.#sql)) statement.finalize();
    this.#db.close();
  }
}
