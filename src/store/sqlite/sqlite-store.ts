/**
 * The embedded store: one SQLite file, one writing connection, writes in groups.
 *
 * A run's counters live on its row and change in the transaction that changes its jobs, so a
 * status is one look-up whatever the size of the run.
 */
import type { Database } from "bun:sqlite";

import { AppError } from "../../domain/errors.ts";
import type { RunEvent } from "../../domain/event.ts";
import type { EndState, Job, JobEnd, State } from "../../domain/job.ts";
import type { RunHead, RunStatus } from "../../domain/run.ts";
import { present } from "../../lib/present.ts";
import type { AnsweredJob, PastPage, PastQuery } from "../answered.ts";
import {
  toAnsweredJob,
  toJob,
  toJobFinished,
  toJobStarted,
  toPendingJob,
  toRunHead,
  toStoredRun,
  toTally,
} from "../rows.ts";
import { eventsOf } from "../run-events.ts";
import type {
  EndedJob,
  EndMoment,
  JobTally,
  Judgement,
  Moment,
  NewRun,
  PendingJob,
  PruneBounds,
  Renewal,
  RunFilter,
  RunPage,
  RunSettings,
  RunStore,
  StoredRun,
  Submission,
  Submitted,
} from "../store.ts";
import { SqliteCallbacks } from "./callbacks.ts";
import { countEnd, countOpen, RunCounters } from "./counters.ts";
import { type CommitOptions, GroupCommit, read } from "./group-commit.ts";
import { listRuns } from "./list.ts";
import { findPast } from "./past.ts";
import { prune } from "./prune.ts";
import { prepareStatements, type Statements } from "./statements.ts";
import { Statuses } from "./statuses.ts";
import { Submits } from "./submit.ts";

export type SqliteStoreOptions = Pick<CommitOptions, "committed" | "synchronous">;

export class SqliteStore implements RunStore {
  readonly callbacks: SqliteCallbacks;
  readonly #db: Database;
  readonly #sql: Statements;
  readonly #counters: RunCounters;
  readonly #commits: GroupCommit;
  readonly #submits: Submits;
  readonly #statuses: Statuses;
  /** Unfinished runs that were handed out, by key. */
  readonly #owned = new Set<number>();
  #closed = false;

  /** `db`: a database that `openDatabase` returned; closed together with the store. */
  constructor(db: Database, { committed, synchronous }: SqliteStoreOptions = {}) {
    this.#db = db;
    this.#sql = prepareStatements(db);
    this.#statuses = new Statuses(this.#sql);
    this.#counters = new RunCounters(this.#sql.addToCounters);
    this.#commits = new GroupCommit(db, {
      beforeCommit: () => this.#counters.flush(),
      afterRollback: () => this.#counters.clear(),
      committed: (ms) => {
        this.#statuses.forget();
        committed?.(ms);
      },
      ...present({ synchronous }),
    });
    this.callbacks = new SqliteCallbacks(db, this.#commits);
    this.#submits = new Submits(this.#sql, this.#commits, this.callbacks);
  }

  async submit(run: NewRun): Promise<Submitted> {
    const submitted = await this.#submits.submit(run);
    if (submitted.created) this.#owned.add(submitted.run.key);
    return submitted;
  }

  findSubmission(ids: Pick<NewRun, "runId" | "idempotencyKey">): Promise<Submission | undefined> {
    return this.#read(() => this.#submits.find(ids));
  }

  claim(limit: number): Promise<StoredRun[]> {
    return this.#read(() => {
      const owned = JSON.stringify([...this.#owned]);
      const runs = this.#sql.unowned.all(owned, limit).map((row) => toStoredRun(row));
      for (const { key } of runs) this.#owned.add(key);
      return runs;
    });
  }

  /** The lock of the data folder lasts as long as this process. */
  async renew(): Promise<Renewal> {
    return { lost: [], cancelled: [], replicas: 1 };
  }

  async release(runs: readonly StoredRun[]): Promise<void> {
    for (const { key } of runs) this.#owned.delete(key);
  }

  pendingJobs(
    run: StoredRun,
    after: number,
    limit: number,
    region?: string,
  ): Promise<PendingJob[]> {
    return this.#read(() => {
      const rows =
        region === undefined
          ? this.#sql.pendingJobs.all(run.key, after, limit)
          : this.#sql.pendingJobsOf.all(run.key, after, region, limit);
      return rows.map(toPendingJob);
    });
  }

  regionsOf(run: StoredRun): Promise<string[]> {
    return this.#read(() => this.#sql.regionsOf.all(run.key).map(({ value }) => value));
  }

  startJobs(run: StoredRun, jobs: readonly PendingJob[], { at, event }: Moment): Promise<void> {
    return this.#commits.write("progress", () => {
      let first = 0;
      let again = 0;
      let next = event;
      for (const { key } of jobs) {
        if (this.#sql.startJob.run(key, run.key, at, next).changes === 1) first++;
        else again += this.#sql.restartJob.run(key, next).changes;
        next++;
      }
      if (first + again === 0) return;
      // One that was dispatched before was counted when it first started.
      const change = this.#counters.of(run.key, { at, event: next - 1 });
      change.queued_jobs -= first;
      change.running_jobs += first;
    });
  }

  endJobs(run: StoredRun, ended: readonly EndedJob[], event: number): Promise<void> {
    return this.#commits.write("progress", () => {
      let next = event;
      for (const job of ended) {
        const moment = { at: job.at, event: next++ };
        if (!this.#endJob(run.key, job, moment.event)) continue;
        countEnd(this.#counters.of(run.key, moment), job);
      }
    });
  }

  /** Whether it had not ended before. */
  #endJob(run: number, { at, durationMs, end, job }: EndedJob, event: number): boolean {
    const { changes } = this.#sql.endJob.run(
      job.key,
      run,
      end.state,
      end.results ? JSON.stringify(end.results) : null,
      end.error ?? null,
      end.errorCode ?? null,
      end.errorSource ?? null,
      end.regionMismatch ? JSON.stringify(end.regionMismatch) : null,
      at,
      durationMs,
      event,
    );
    return changes === 1;
  }

  endOpenJobs(run: StoredRun, end: JobEnd, moment: Moment): Promise<ReadonlyMap<string, number>> {
    return this.#commits.write("progress", () => {
      const open = this.#sql.countOpen.all(run.key);
      const ended = new Map(open.map(({ queued, region, running }) => [region, queued + running]));
      const { error = null, errorCode = null, errorSource = null, state } = end;
      let { event } = moment;
      if (open.length > 0) {
        this.#sql.endOpenJobs.run(run.key, state, error, errorCode, errorSource, moment.at, event);
      }
      for (const row of open) {
        event += row.queued + row.running;
        countOpen(this.#counters.of(run.key, { at: moment.at, event: event - 1 }), state, row);
      }
      return ended;
    });
  }

  tally(run: StoredRun): Promise<JobTally> {
    return this.#read(() => toTally(this.#sql.findRun.get(run.runId)));
  }

  endRun(
    run: StoredRun,
    state: EndState,
    moment: EndMoment,
    judgement?: Judgement,
  ): Promise<EndState> {
    return this.#commits.write("durable", () => {
      const localized = judgement?.localized.length ? JSON.stringify(judgement.localized) : null;
      const verdict = judgement?.verdict ?? null;
      const ended = this.#sql.endRun.get({ key: run.key, state, ...moment, verdict, localized });
      this.#owned.delete(run.key);
      return ended?.state ?? (this.#sql.findRun.get(run.runId)?.state as EndState);
    });
  }

  requestCancel(runId: string, at: number): Promise<State | undefined> {
    return this.#commits.write("durable", () => {
      this.#sql.requestCancel.run(at, runId);
      return this.#sql.findRun.get(runId)?.state;
    });
  }

  findStatus(runId: string): Promise<RunStatus | undefined> {
    return this.#read(() => this.#statuses.find(runId));
  }

  findRun(runId: string): Promise<RunHead | undefined> {
    return this.#read(() => optional(this.#sql.findRun.get(runId), toRunHead));
  }

  findJobs(runId: string, after: number, limit: number): Promise<Job[]> {
    return this.#read(() => {
      const run = this.#sql.findRun.get(runId);
      return run ? this.#sql.findJobs.all(run.key, after, limit).map((row) => toJob(row, run)) : [];
    });
  }

  findSettings(runId: string): Promise<RunSettings | undefined> {
    return this.#read(() => optional(this.#sql.findRun.get(runId), this.callbacks.settings));
  }

  findAnswers(runId: string, after: number, limit: number): Promise<AnsweredJob[]> {
    return this.#read(() => {
      const run = this.#sql.findRun.get(runId);
      return run ? this.#sql.findJobs.all(run.key, after, limit).map(toAnsweredJob) : [];
    });
  }

  findPast(url: string, query: PastQuery, limit: number): Promise<PastPage> {
    return this.#read(() => findPast(this.#sql, url, query, limit));
  }

  findLastEvent(runId: string): Promise<number | undefined> {
    return this.#read(() => this.#sql.findRun.get(runId)?.last_event);
  }

  findEvents(runId: string, after: number, limit: number): Promise<RunEvent[]> {
    return this.#read(() => {
      const run = this.#sql.findRun.get(runId);
      if (!run) return [];
      const told = this.#sql.findTold.all(run.key, after, limit);
      const jobs = told.map((row) =>
        row.ended_event === null ? toJobStarted(row) : toJobFinished(row, run),
      );
      return eventsOf(run, jobs, after, limit);
    });
  }

  listRuns(filter: RunFilter, limit: number, from?: number): Promise<RunPage> {
    return this.#read(() => listRuns(this.#db, filter, limit, from));
  }

  prune(limit: number, bounds: PruneBounds): Promise<boolean> {
    return this.#commits.write("progress", () => prune(this.#sql, limit, bounds));
  }

  #read<T>(query: () => T): Promise<T> {
    if (!this.#closed) return read(query);
    return Promise.reject(new AppError("store_unavailable", "The run store is closed."));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#commits.close();
    // A live statement would keep the database open, and its log beside it.
    for (const statement of Object.values(this.#sql)) statement.finalize();
    this.callbacks.finalize();
    this.#db.close();
  }
}

function optional<Row, Out>(row: Row | null, convert: (row: Row) => Out): Out | undefined {
  return row === null ? undefined : convert(row);
}
