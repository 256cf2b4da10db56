/**
 * The pool of runner hosts of one project: jobs in, results out.
 *
 * At most `hosts` jobs are executed at once and the others wait in order. A host is used for one
 * job at a time, and again only if it came through sound and the project's files are the same.
 */
import { AppError } from "../domain/errors.ts";
import type { RequestedRunner } from "../domain/job.ts";
import { countResults, type Result, unanswered, withoutSecrets } from "../domain/result.ts";
import { redactorWith } from "../domain/secret-input.ts";
import { redactedLog } from "../lib/log.ts";
import { present } from "../lib/present.ts";
import type { Redactor } from "../lib/redactor.ts";
import { Semaphore } from "../lib/semaphore.ts";
import { fitResults } from "./answer-room.ts";
import { runsAsRoot } from "./browser/host-browser.ts";
import { type BrowserSettings, DEFAULT_BROWSER } from "./browser/settings.ts";
import { type Evidence, SCREENSHOT_ROOM, withEvidence } from "./evidence.ts";
import { sweepHostFolders } from "./host-folder.ts";
import { type HostOptions, type HostTask, RunnerHost, type TaskEnd } from "./host.ts";
import { InputSchemas } from "./input-schemas.ts";
import type { Catalog, Project, RunnerEntry } from "./project.ts";
import { RUNNER_ERRORS, type RunnerErrorCode } from "./runner-errors.ts";

/** All runners of one request. `url` overrides `url` of every input. */
export interface RunnerJob {
  readonly url: string;
  readonly region?: string;
  readonly runId?: string;
  readonly runners: readonly RequestedRunner[];
}

export interface RunnerPoolOptions extends Omit<HostOptions, "root"> {
  readonly project: Project;
  /** Most hosts at once, an integer from 1. */
  readonly hosts: number;
  /** Most jobs that wait for a host; no limit if there is none. */
  readonly maxQueued?: number;
  readonly browser?: BrowserSettings;
  /** Knows which inputs are secrets; they are neither logged nor answered. */
  readonly redactor: Redactor;
}

/** The place of one job: its host comes and goes, what it looks at stays. */
interface Seat {
  host: RunnerHost | undefined;
  readonly revision: string;
  readonly signal: AbortSignal;
  readonly log: HostOptions["log"];
  /** Left for pictures in the answer, in characters. */
  screenshotRoom: number;
}

type Place = Pick<Seat, "log" | "signal">;

/** A task that no host receives is given to another one; a machine that starts none is at fault. */
const MAX_TRIES = 3;

export class RunnerPool {
  readonly #options: RunnerPoolOptions;
  readonly #permits: Semaphore;
  readonly #idle = new Set<RunnerHost>();
  readonly #dying = new Set<Promise<void>>();
  readonly #stops = new Set<AbortController>();
  readonly #inputSchemas: InputSchemas;
  #idleRevision = "";
  #closed = false;
  #warned = false;

  constructor(options: RunnerPoolOptions) {
    this.#options = options;
    this.#permits = new Semaphore(options.hosts);
    this.#inputSchemas = new InputSchemas({ ...options, root: options.project.root });
    void sweepHostFolders(options.env["TMPDIR"]);
  }

  /** Jobs being executed now. */
  get active(): number {
    return this.#permits.active;
  }

  /** Jobs waiting for a host now. */
  get waiting(): number {
    return this.#permits.waiting;
  }

  /** What the project offers now. */
  catalog(): Promise<Catalog> {
    return this.#options.project.catalog();
  }

  /**
   * JSON Schema of the inputs, by runner, of those whose schema library can tell. What takes
   * longer than `waitMs` is missing from this answer and there for a later one.
   */
  async inputSchemas(waitMs: number): Promise<ReadonlyMap<string, unknown>> {
    return this.#inputSchemas.of(await this.catalog(), waitMs);
  }

  /**
   * Executes the runners of a job one after the other; one result each, in order. Rejects only
   * with the reason of `signal`, whose abort kills the job's host at once, or with AppError:
   * `draining` because of `close`, `at_capacity` if too many jobs wait already.
   */
  async execute(job: RunnerJob, signal: AbortSignal): Promise<Result[]> {
    signal.throwIfAborted();
    if (this.#closed) throw closedError();
    if (this.#isFull()) throw fullError(this.#permits.waiting);
    const stop = new AbortController();
    const forward = (): void => stop.abort(signal.reason);
    signal.addEventListener("abort", forward, { once: true });
    this.#stops.add(stop);
    try {
      using _permit = await this.#permits.acquire(stop.signal);
      // Looked up only now: files may have changed while the job waited.
      const catalog = await this.catalog();
      stop.signal.throwIfAborted();
      const startedAt = performance.now();
      const redactor = redactorWith(this.#options.redactor, job.runners);
      const log = redactedLog(this.#options.log, redactor);
      const all = await this.#executeAll(job, catalog, { log, signal: stop.signal });
      const results = fitResults(all.map((result) => withoutSecrets(result, redactor)));
      this.#report(job, results, performance.now() - startedAt);
      return results;
    } finally {
      signal.removeEventListener("abort", forward);
      this.#stops.delete(stop);
    }
  }

  /** Kills every host, and with them the jobs in progress; resolves once all are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#stops) stop.abort(closedError());
    for (const host of this.#idle) this.#retire(host);
    this.#dying.add(this.#inputSchemas.close());
    while (this.#dying.size > 0) {
      const dying = [...this.#dying];
      await Promise.all(dying);
      for (const gone of dying) this.#dying.delete(gone);
    }
  }

  async #executeAll(job: RunnerJob, { revision, runners }: Catalog, { log, signal }: Place) {
    const seat: Seat = { host: undefined, revision, signal, log, screenshotRoom: SCREENSHOT_ROOM };
    const kill = (): void => {
      if (seat.host) this.#discard(seat.host);
    };
    signal.addEventListener("abort", kill, { once: true });
    const results: Result[] = [];
    try {
      for (const runner of job.runners) {
        const entry = runners.get(runner.name);
        results.push(entry ? await this.#executeOne(seat, job, runner, entry) : missing(runner));
        signal.throwIfAborted();
      }
      return results;
    } finally {
      signal.removeEventListener("abort", kill);
      if (seat.host) this.#release(seat.host, seat.revision);
    }
  }

  async #executeOne(
    seat: Seat,
    job: RunnerJob,
    { input, name }: RequestedRunner,
    entry: RunnerEntry,
  ): Promise<Result> {
    const task = this.#taskOf(entry, job, input);
    const log = seat.log.with({ ...present({ runId: job.runId }), runner: name });
    for (let attempt = 1; ; attempt++) {
      let end: TaskEnd;
      try {
        seat.host ??= this.#take(seat.revision);
        end = await seat.host.execute(task, log);
      } catch (error) {
        log.error("a runner host could not be started", { error });
        const why = `No runner host could be started: ${(error as Error).message}.`;
        return failed(name, "host_unavailable", why);
      }
      this.#warnOfSandbox(seat.host);
      if (!end.reusable) {
        this.#discard(seat.host);
        seat.host = undefined;
      }
      const over = end.accepted || attempt === MAX_TRIES || seat.signal.aborted;
      if (over) return toResult(name, end, seat);
    }
  }

  #taskOf(entry: RunnerEntry, job: RunnerJob, input: RequestedRunner["input"]): HostTask {
    const { exportName, inputSchema, locals, name, path } = entry;
    const { region, runId, url } = job;
    const { browser = DEFAULT_BROWSER } = this.#options;
    return {
      name,
      path,
      exportName,
      want: "result",
      locals,
      browser,
      input: { ...input, url },
      ...present({ inputSchema, region, runId }),
    };
  }

  #isFull(): boolean {
    const { hosts, maxQueued = Infinity } = this.#options;
    return this.#permits.active >= hosts && this.#permits.waiting >= maxQueued;
  }

  #warnOfSandbox(host: RunnerHost): void {
    if (this.#warned || !host.browsed || !runsAsRoot()) return;
    this.#warned = true;
    this.#options.log.warn("the browser runs without its sandbox, because volley runs as root");
  }

  #report({ region, runId }: RunnerJob, results: readonly Result[], ms: number): void {
    const place = present({ runId, region });
    const fields = { ...place, ...countResults(results), durationMs: Math.round(ms) };
    this.#options.log.info("job executed", fields);
  }

  /** An idle host that knows the files as they are now, or a new one. */
  #take(revision: string): RunnerHost {
    if (revision !== this.#idleRevision) {
      for (const host of this.#idle) this.#retire(host);
      this.#idleRevision = revision;
    }
    for (const host of this.#idle) {
      this.#idle.delete(host);
      if (host.alive) return host;
    }
    const { project, ...options } = this.#options;
    const host = new RunnerHost({ ...options, root: project.root });
    void host.exited.then(() => this.#idle.delete(host));
    return host;
  }

  #release(host: RunnerHost, revision: string): void {
    const sound = host.alive && !this.#closed && revision === this.#idleRevision;
    if (sound) this.#idle.add(host);
    else this.#discard(host);
  }

  #discard(host: RunnerHost): void {
    this.#idle.delete(host);
    this.#bury(host.kill());
  }

  /** Like `#discard`, for a host that may take its time: nothing is wrong with it. */
  #retire(host: RunnerHost): void {
    this.#idle.delete(host);
    this.#bury(host.retire());
  }

  #bury(dying: Promise<void>): void {
    const gone = dying.finally(() => this.#dying.delete(gone));
    this.#dying.add(gone);
  }
}

function toResult(name: string, { logs, reply }: TaskEnd, seat: Seat): Result {
  const { durationMs, errorCode, errorMessage, errorSource, reportedName, status } = reply;
  const details = withEvidence(reply.details, affordable(reply.evidence, seat));
  return {
    name,
    ...present({ reportedName: reportedName === name ? undefined : reportedName }),
    status,
    ...present({ details, errorMessage, errorCode, errorSource, durationMs }),
    ...(logs.length === 0 ? {} : { logs: [...logs] }),
  };
}

/** The evidence without its picture where the job's answer has no room for another one. */
function affordable(evidence: Evidence | undefined, seat: Seat): Evidence | undefined {
  if (!evidence?.screenshot) return evidence;
  seat.screenshotRoom -= evidence.screenshot.length;
  if (seat.screenshotRoom >= 0) return evidence;
  const { consoleErrors } = evidence;
  return consoleErrors ? { consoleErrors } : undefined;
}

function missing({ name }: RequestedRunner): Result {
  return failed(name, "runner_not_found", `There is no runner "${name}".`);
}

function failed(name: string, errorCode: RunnerErrorCode, error: string): Result {
  return unanswered(name, { error, errorCode, errorSource: RUNNER_ERRORS[errorCode] });
}

function fullError(waiting: number): AppError {
  return new AppError("at_capacity", `All runner hosts are busy and ${waiting} jobs wait already.`);
}

function closedError(): AppError {
  return new AppError("draining", "The runner hosts are being stopped.");
}
