/**
 * The store that replicas share: a PostgreSQL database.
 *
 * As in the embedded store, a run's counters live on its row and change in the statement that
 * changes its jobs. What is particular here: every write of a run names the epoch under which this
 * replica owns it, and changes nothing under another.
 */
import { AppError } from "../../domain/errors.ts";
import type { RunEvent } from "../../domain/event.ts";
import type { EndState, Job, JobEnd, State } from "../../domain/job.ts";
import type { RunHead, RunStatus } from "../../domain/run.ts";
import type { Log } from "../../lib/log.ts";
import { present } from "../../lib/present.ts";
import type { AnsweredJob, PastPage, PastQuery } from "../answered.ts";
import {
  toAnsweredJob,
  toJob,
  toPendingJob,
  toRunHead,
  toRunSettings,
  toRunStatus,
  toTally,
} from "../rows.ts";
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
  Sharing,
  StoredRun,
  Submission,
  Submitted,
} from "../store.ts";
import { PostgresCallbacks } from "./callbacks.ts";
import { requestCancel } from "./cancel.ts";
import { Client } from "./client.ts";
import { readEvents } from "./events.ts";
import { Hints } from "./hints.ts";
import { listRuns } from "./list.ts";
import { endOpenJobs } from "./open-jobs.ts";
import { type DatabaseWay, prepareDatabase } from "./open.ts";
import { findPast } from "./past.ts";
import { prune } from "./prune.ts";
import { Replica } from "./replica.ts";
import {
  type RawJob,
  type RawPending,
  type RawRun,
  toJobRow,
  toPendingRow,
  toRunRow,
} from "./rows.ts";
import { findSubmission, submitRun } from "./submit.ts";
import { RunWriter } from "./writer.ts";

/** How much of a lease the answer to a part of its renewal is waited for; of a short one, longer. */
const ANSWER_SHARE = 1 / 3;
const LEAST_ANSWER_MS = 2_000;

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /**
   * Whether connections keep statements and subscriptions. Behind a pooler that hands connections
   * out per transaction they do not.
   */
  readonly prepare: boolean;
  readonly leaseMs: number;
  readonly pollMs: number;
  /** Who this replica is, for a person. */
  readonly name: string;
  readonly log: Log;
  /** Told how long each group of writes took, in milliseconds. */
  readonly committed?: (ms: number) => void;
}

export class PostgresStore implements RunStore {
  readonly sharing: Sharing;
  readonly callbacks: PostgresCallbacks;
  readonly #way: DatabaseWay;
  readonly #client: Client;
  readonly #leaseClient: Client;
  readonly #replica: Replica;
  readonly #writer: RunWriter;
  readonly #hints: Hints | undefined;
  readonly #submitting = new Set<Promise<unknown>>();

  constructor({ leaseMs, log, name, pollMs, prepare, url, ...options }: PostgresStoreOptions) {
    this.#way = { url, session: prepare };
    const client = (this.#client = new Client(this.#way));
    this.callbacks = new PostgresCallbacks(client);
    const leaseClient = (this.#leaseClient = new Client({
      ...this.#way,
      maxConnections: 1,
      answerWithinMs: Math.max(LEAST_ANSWER_MS, leaseMs * ANSWER_SHARE),
      // The one that listens cannot find out by itself.
      abandoned: () => hints?.reconnect(),
    }));
    this.#replica = new Replica({ client, leaseClient, name, leaseMs });
    this.#writer = new RunWriter(client, options.committed);
    const hints = (this.#hints = prepare ? new Hints({ url, client, log }) : undefined);
    this.sharing = {
      leaseMs,
      pollMs,
      now: () => Date.now() + this.#replica.aheadMs,
      listen: (listener) => hints?.listen(listener),
      hint: (hint) => hints?.send(hint),
    };
  }

  /**
   * Reaches the database and makes its schema what it must be. Throws StartError; nothing else may
   * be called before.
   */
  async open(): Promise<void> {
    await prepareDatabase(this.#way);
  }

  async submit(run: NewRun): Promise<Submitted> {
    const submitted = this.#replica.owning((id) => submitRun(this.#client, run, id));
    this.#submitting.add(submitted);
    try {
      return await submitted;
    } finally {
      this.#submitting.delete(submitted);
    }
  }

  findSubmission(ids: Pick<NewRun, "runId" | "idempotencyKey">): Promise<Submission | undefined> {
    return findSubmission(this.#client, ids);
  }

  claim(limit: number): Promise<StoredRun[]> {
    return this.#replica.claim(limit);
  }

  renew(runs: readonly StoredRun[]): Promise<Renewal> {
    return this.#replica.renew(runs);
  }

  async release(runs: readonly StoredRun[]): Promise<void> {
    await this.#replica.release(runs);
    if (runs.length > 0) this.sharing.hint({ type: "released" });
  }

  async pendingJobs(
    { key }: StoredRun,
    after: number,
    limit: number,
    region?: string,
  ): Promise<PendingJob[]> {
    const rows = await this.#client.query(
      (sql) =>
        sql`
        SELECT position, job_id, url, region, runners, expected, attempts, started_at
        FROM jobs
        WHERE run = ${key}::bigint AND position > ${after}::int
          AND state IN ('queued', 'running')
          AND (${region ?? null}::text IS NULL OR region = ${region ?? null}::text)
        ORDER BY position LIMIT ${limit}::int` as Promise<RawPending[]>,
    );
    return rows.map((row) => toPendingJob(toPendingRow(row)));
  }

  async regionsOf({ key }: StoredRun): Promise<string[]> {
    const rows = await this.#client.query(
      (sql) => sql`SELECT value FROM facets WHERE run = ${key}::bigint AND kind = 'region'`,
    );
    return (rows as { value: string }[]).map(({ value }) => value);
  }

  startJobs(run: StoredRun, jobs: readonly PendingJob[], moment: Moment): Promise<void> {
    return this.#writer.startJobs(run, jobs, moment);
  }

  endJobs(run: StoredRun, ended: readonly EndedJob[], event: number): Promise<void> {
    return this.#writer.endJobs(run, ended, event);
  }

  endOpenJobs(run: StoredRun, end: JobEnd, moment: Moment): Promise<ReadonlyMap<string, number>> {
    return endOpenJobs(this.#client, run, end, moment);
  }

  async tally({ runId }: StoredRun): Promise<JobTally> {
    return toTally(await this.#findRow(runId));
  }

  endRun(
    run: StoredRun,
    state: EndState,
    moment: EndMoment,
    judgement?: Judgement,
  ): Promise<EndState> {
    return this.#writer.endRun(run, state, moment, judgement);
  }

  requestCancel(runId: string, at: number): Promise<State | undefined> {
    return requestCancel(this.#client, runId, at);
  }

  async findStatus(runId: string): Promise<RunStatus | undefined> {
    return optional(await this.#findRow(runId), toRunStatus);
  }

  async findRun(runId: string): Promise<RunHead | undefined> {
    return optional(await this.#findRow(runId), toRunHead);
  }

  async findJobs(runId: string, after: number, limit: number): Promise<Job[]> {
    const run = await this.#findRow(runId);
    if (!run) return [];
    const rows = await this.#jobsOf(run.key, after, limit);
    return rows.map((row) => toJob(toJobRow(row), run));
  }

  async findSettings(runId: string): Promise<RunSettings | undefined> {
    const row = await this.#findRow(runId);
    if (!row) return undefined;
    const callbackUrl = await this.callbacks.urlOf(row.key);
    return { ...toRunSettings(row), ...present({ callbackUrl }) };
  }

  async findAnswers(runId: string, after: number, limit: number): Promise<AnsweredJob[]> {
    const run = await this.#findRow(runId);
    if (!run) return [];
    return (await this.#jobsOf(run.key, after, limit)).map((row) => toAnsweredJob(toJobRow(row)));
  }

  findPast(url: string, query: PastQuery, limit: number): Promise<PastPage> {
    return this.#client.query((sql) => findPast(sql, url, query, limit));
  }

  async findLastEvent(runId: string): Promise<number | undefined> {
    return (await this.#findRow(runId))?.last_event;
  }

  findEvents(runId: string, after: number, limit: number): Promise<RunEvent[]> {
    return this.#client.query((sql) => readEvents(sql, runId, after, limit));
  }

  listRuns(filter: RunFilter, limit: number, from?: number): Promise<RunPage> {
    return this.#client.query((sql) => listRuns(sql, filter, limit, from));
  }

  prune(limit: number, bounds: PruneBounds): Promise<boolean> {
    return this.#client.query((sql) => prune(sql, limit, bounds));
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#submitting);
    await this.#writer.idle();
    await this.#replica.leave().catch((error: unknown) => {
      // Its lease ends all the same.
      if (!(error instanceof AppError)) throw error;
    });
    this.sharing.hint({ type: "released" });
    await this.#hints?.close();
    await Promise.all([this.#leaseClient.close(), this.#client.close()]);
  }

  async #findRow(runId: string) {
    const [row] = await this.#client.query(
      (sql) => sql`SELECT * FROM runs WHERE run_id = ${runId}` as Promise<RawRun[]>,
    );
    return row && toRunRow(row);
  }

  #jobsOf(run: number, after: number, limit: number): Promise<RawJob[]> {
    return this.#client.query(
      (sql) =>
        sql`
        SELECT * FROM jobs
        WHERE run = ${run}::bigint AND position > ${after}::int
        ORDER BY position LIMIT ${limit}::int` as Promise<RawJob[]>,
    );
  }
}

function optional<Row, Out>(row: Row | undefined, convert: (row: Row) => Out): Out | undefined {
  return row === undefined ? undefined : convert(row);
}
