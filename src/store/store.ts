/**
 * RunStore: the contract every store keeps, embedded or shared.
 *
 * A run's counters change in the same transaction as its jobs, and a run that has ended never
 * changes again. Methods reject with AppError `store_unavailable` when the store cannot be used now:
 * an embedded one has then written nothing, of a shared one nobody knows. Each can be repeated.
 */
import type { RunEvent } from "../domain/event.ts";
import type { ExpectedStatus, Policy, Verdict } from "../domain/expectation.ts";
import type { EndState, Job, JobEnd, RequestedRunner, State } from "../domain/job.ts";
import type { ListedRun, Mode, RunHead, RunRequest, RunStatus } from "../domain/run.ts";
import type { RunWarning } from "../domain/warning.ts";
import type { AnsweredJob, PastPage, PastQuery } from "./answered.ts";
import type { NewCallback } from "./callbacks.ts";

/** A run as it is handed over for keeping. Times are milliseconds since the epoch. */
export interface NewRun {
  readonly runId: string;
  /** The run this one repeats. */
  readonly parentRunId?: string;
  readonly mode: Mode;
  readonly tags: readonly string[];
  readonly concurrency?: number;
  /** Limit of the whole run in milliseconds, counted from `createdAt`. */
  readonly timeoutMs: number;
  /** Limit of one attempt of one job in milliseconds, counted from its dispatch. */
  readonly jobTimeoutMs?: number;
  /** How often a job may be dispatched again. */
  readonly retries: number;
  /** What is warned of; absent if nothing. */
  readonly warnings?: readonly RunWarning[];
  readonly createdAt: number;
  /** Digest of the request body: tells a repeated submit from another one with the same id. */
  readonly requestDigest: string;
  readonly idempotencyKey?: string;
  /** Of a run whose results are judged; each of its jobs then says what is expected. */
  readonly policy?: Policy;
  /** What a comparison of the run leaves out. */
  readonly ignore?: readonly string[];
  readonly jobs: readonly NewJob[];
  /** The id of the job at a position: the same however often it is asked for. */
  readonly jobId: (position: number) => string;
  /** Whom the run tells of its end. */
  readonly callbacks?: readonly NewCallback[];
}

export interface NewJob {
  readonly url: string;
  readonly region?: string;
  readonly runners: readonly RequestedRunner[];
  /** What each runner is expected to answer, of a run that is judged. */
  readonly expected?: readonly ExpectedStatus[];
}

/** `key` is the store's own handle of a row; opaque to everyone else. */
export interface StoredRun {
  readonly key: number;
  /** Number of the claim under which the run is written; a later claim makes it powerless. */
  readonly epoch: number;
  readonly runId: string;
  readonly state: State;
  readonly mode: Mode;
  readonly concurrency?: number;
  readonly timeoutMs: number;
  readonly jobTimeoutMs?: number;
  readonly retries: number;
  readonly createdAt: number;
  /** Jobs not yet dispatched. */
  readonly queuedJobs: number;
  /** Somebody asked to cancel the run. */
  readonly cancelled: boolean;
  /** Number of the run's newest event. */
  readonly lastEvent: number;
  /** Present if the run's results are judged. */
  readonly policy?: Policy;
}

/** A job that has not ended. */
export interface PendingJob extends NewJob {
  readonly jobId: string;
  readonly key: number;
  readonly position: number;
  readonly attempts: number;
  /** First dispatch, if there was one. */
  readonly startedAt?: number;
}

/**
 * `created: false`: a run with that id or idempotency key was there already, and nothing was
 * written. The digest is absent when id and key belong to two different runs.
 */
export type Submitted =
  { readonly created: true; readonly run: StoredRun } | ({ readonly created: false } & Submission);

/** What is known of an earlier submit. */
export interface Submission {
  readonly runId: string;
  readonly requestDigest?: string;
}

/** A moment in a run: milliseconds since the epoch, and the number of the event that tells it. */
export interface Moment {
  readonly at: number;
  readonly event: number;
}

/** The moment of an end, and the elapsed milliseconds. */
export interface EndMoment extends Moment {
  readonly durationMs: number;
}

/** A job, and how it ended: when, in milliseconds since the epoch, and how long it took. */
export interface EndedJob {
  readonly job: PendingJob;
  readonly end: JobEnd;
  readonly at: number;
  readonly durationMs: number;
}

/** What a list of runs is narrowed by; all of it must hold. */
export interface RunFilter {
  readonly state?: State;
  readonly tag?: string;
  readonly region?: string;
  readonly url?: string;
  /** Accepted at or after, in milliseconds since the epoch. */
  readonly since?: number;
}

/**
 * `next` is where the following page begins; absent on the last. A page may be shorter than asked
 * for, and even empty, and not be the last: few of the runs it looked at fitted.
 */
export interface RunPage {
  readonly runs: readonly ListedRun[];
  readonly next?: number;
}

/** What the run as a whole came to, of a run that is judged. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Regions below the policy where it was met all the same. */
  readonly localized: readonly string[];
}

export type RunSettings = Omit<RunRequest, "runners" | "runId" | "expect"> & {
  readonly timeout: number;
  readonly ended: boolean;
};

/** What ended runs are kept: those that ended since a time, and of all runs the newest. */
export interface PruneBounds {
  /** Milliseconds since the epoch. */
  readonly endedBefore: number;
  readonly keepRuns: number;
}

export interface JobTally {
  readonly completed: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly cancelled: number;
  /** Results that are not what was expected, of a run that is judged. */
  readonly unexpected?: number;
}

/** What has become of runs that this replica owned. */
export interface Renewal {
  /** Another replica may own them by now; nothing more may be done for them. */
  readonly lost: readonly StoredRun[];
  /** Somebody asked to cancel them. */
  readonly cancelled: readonly StoredRun[];
  /** Replicas alive, this one among them. */
  readonly replicas: number;
}

/** What one replica tells the others to save them waiting for their next look. May get lost. */
export type Hint =
  | { readonly type: "ended" | "cancel"; readonly runId: string }
  /** There are runs to claim. */
  | { readonly type: "released" };

/** A store that several replicas share. */
export interface Sharing {
  /** How long an ownership lasts that is not renewed, in milliseconds. */
  readonly leaseMs: number;
  /** Between two looks for runs that nobody owns, in milliseconds. */
  readonly pollMs: number;
  /**
   * Milliseconds since the Unix epoch, the same for all replicas, more or less: as of the last
   * renewal; before the first, this machine's.
   */
  readonly now: () => number;
  /** Calls `listener` with what other replicas, and this one, hint at. */
  listen(listener: (hint: Hint) => void): void;
  /** Hints at something; never fails. */
  hint(hint: Hint): void;
}

/**
 * A run is written by the replica that owns it: the one that submitted or last claimed it. Writes
 * under an older epoch change nothing and reject with AppError `lease_lost`.
 */
export interface RunStore {
  /** Absent where nobody else can own a run. */
  readonly sharing?: Sharing;

  /** Keeps the run, owned by this replica; resolves once it is durably on disk. */
  submit(run: NewRun): Promise<Submitted>;

  /** The run that was submitted under this id or idempotency key. */
  findSubmission(ids: Pick<NewRun, "runId" | "idempotencyKey">): Promise<Submission | undefined>;

  /** Makes this replica the owner of runs that have not ended and that nobody owns, oldest first. */
  claim(limit: number): Promise<StoredRun[]>;
  /** Goes on owning `runs`, and everything else this replica owns. */
  renew(runs: readonly StoredRun[]): Promise<Renewal>;
  /** Stops owning runs: others may claim them at once. */
  release(runs: readonly StoredRun[]): Promise<void>;
  /** Jobs of a run (of one region of it) that have not ended, `position > after`, in order. */
  pendingJobs(run: StoredRun, after: number, limit: number, region?: string): Promise<PendingJob[]>;
  /** The regions of a run's jobs. */
  regionsOf(run: StoredRun): Promise<string[]>;

  /**
   * Dispatches begin: the jobs are `running`, and so is their run. Their events are numbered from
   * `moment.event` on. Rejected, it can be repeated under later numbers.
   */
  startJobs(run: StoredRun, jobs: readonly PendingJob[], moment: Moment): Promise<void>;
  /** Started jobs ended; their events are numbered from `event` on. Repeated like a start. */
  endJobs(run: StoredRun, ended: readonly EndedJob[], event: number): Promise<void>;
  /**
   * Every job of the run that has not ended does so at once, without results; their events are
   * numbered from `moment.event` on. Resolves with how many there were in each region; "" stands
   * for none.
   */
  endOpenJobs(run: StoredRun, end: JobEnd, moment: Moment): Promise<ReadonlyMap<string, number>>;
  /** How the run's jobs ended so far. */
  tally(run: StoredRun): Promise<JobTally>;
  /**
   * The run's one terminal transition; resolves with its state once that is durably on disk. A run
   * somebody asked to cancel ends `cancelled`, whatever `state` says. A shared store that lost writes
   * may have open jobs all the same: then it rejects with `lease_lost`, and the run can be claimed.
   */
  endRun(
    run: StoredRun,
    state: EndState,
    moment: EndMoment,
    judgement?: Judgement,
  ): Promise<EndState>;
  /**
   * Asks for a run to be cancelled, durably. Resolves with its state then, which is final if it
   * had ended; undefined if there is no such run.
   */
  requestCancel(runId: string, at: number): Promise<State | undefined>;

  findStatus(runId: string): Promise<RunStatus | undefined>;
  findRun(runId: string): Promise<RunHead | undefined>;
  /** Jobs of a run with `position > after`, in fan-out order. */
  findJobs(runId: string, after: number, limit: number): Promise<Job[]>;

  /** What a run was submitted with, beside its runners, and whether it has ended. */
  findSettings(runId: string): Promise<RunSettings | undefined>;
  /** Jobs of a run with `position > after`, in fan-out order, as they can be asked again. */
  findAnswers(runId: string, after: number, limit: number): Promise<AnsweredJob[]>;
  /** Jobs for a url in ended runs, newest run first: about `limit` of them are looked at. */
  findPast(url: string, query: PastQuery, limit: number): Promise<PastPage>;
  /** The number of a run's newest event. */
  findLastEvent(runId: string): Promise<number | undefined>;
  /** Events of a run with `id > after`, in order; `run.finished` is the last there ever is. */
  findEvents(runId: string, after: number, limit: number): Promise<RunEvent[]>;
  /** Runs that fit the filter, newest first. `from`: `next` of the page before. */
  listRuns(filter: RunFilter, limit: number, from?: number): Promise<RunPage>;

  /**
   * Deletes about `limit` jobs of ended runs: those that ended before `endedBefore`, and those
   * past the newest `keepRuns`. Resolves with false once nothing is left to delete.
   */
  prune(limit: number, bounds: PruneBounds): Promise<boolean>;

  close(): Promise<void>;
}
