/**
 * The pool of runner hosts of one project: jobs in, results out.
 *
 * At most `hosts` jobs are executed at once and the others wait in order. A host is used for one
 * job at a time, and again only if it came through sound and the project's files are the same.
 */
import { AppError } from "../domain/errors.ts";
import type { RequestedRunner } from "../domain/job.ts";
import { countResults, type Result, unanswered } from "../domain/result.ts";
import { present } from "../lib/present.ts";
import { Semaphore } from "../lib/semaphore.ts";
import { type HostOptions, RunnerHost, type TaskEnd } from "./host.ts";
import type { Catalog, Project, RunnerEntry } from "./project.ts";

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
}

/** The place of one job: its host comes and goes, what it looks at stays. */
interface Seat {
  host: RunnerHost | undefined;
  readonly revision: string;
  readonly signal: AbortSignal;
}

/** A task that no host receives is given to another one; a machine that starts none is at fault. */
const MAX_TRIES = 3;

export class RunnerPool {
  readonly #options: RunnerPoolOptions;
  readonly #permits: Semaphore;
  readonly #idle = new Set<RunnerHost>();
  readonly #dying = new Set<Promise<void>>();
  readonly #stops = new Set<AbortController>();
  #idleRevision = "";
  #closed = false;

  constructor(options: RunnerPoolOptions) {
    this.#options = options;
    this.#permits = new Semaphore(options.hosts);
  }

  /** What the project offers now. */
  catalog(): Promise<Catalog> {
    return this.#options.project.catalog();
  }

  /**
   * Executes the runners of a job one after the other; one result each, in order. Rejects only
   * with the reason of `signal`, whose abort kills the job's host at once, or with AppError
   * `draining` because of `close`.
   */
  async execute(job: RunnerJob, signal: AbortSignal): Promise<Result[]> {
    signal.throwIfAborted();
    if (this.#closed) throw closedError();
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
      const results = await this.#executeAll(job, catalog, stop.signal);
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
    for (const host of this.#idle) this.#discard(host);
    while (this.#dying.size > 0) await Promise.all(this.#dying);
  }

  async #executeAll(job: RunnerJob, catalog: Catalog, signal: AbortSignal): Promise<Result[]> {
    const seat: Seat = { host: undefined, revision: catalog.revision, signal };
    const kill = (): void => {
      if (seat.host) this.#discard(seat.host);
    };
    signal.addEventListener("abort", kill, { once: true });
    const results: Result[] = [];
    try {
      for (const runner of job.runners) {
        const entry = catalog.runners.get(runner.name);
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
    { exportName, path }: RunnerEntry,
  ): Promise<Result> {
    const { region, runId, url } = job;
    const place = present({ region, runId });
    const task = { name, path, exportName, input: { ...input, url }, ...place };
    const log = this.#options.log.with({ ...present({ runId }), runner: name });
    for (let attempt = 1; ; attempt++) {
      let end: TaskEnd;
      try {
        seat.host ??= this.#take(seat.revision);
        end = await seat.host.execute(task, log);
      } catch (error) {
        log.error("a runner host could not be started", { error });
        const why = `No runner host could be started: ${(error as Error).message}.`;
        return unanswered(name, { error: why, errorSource: "orchestrator" });
      }
      if (!end.reusable) {
        this.#discard(seat.host);
        seat.host = undefined;
      }
      const over = end.accepted || attempt === MAX_TRIES || seat.signal.aborted;
      if (over) return toResult(name, end);
    }
  }

  #report({ region, runId }: RunnerJob, results: readonly Result[], ms: number): void {
    const place = present({ runId, region });
    const fields = { ...place, ...countResults(results), durationMs: Math.round(ms) };
    this.#options.log.info("job executed", fields);
  }

  /** An idle host that knows the files as they are now, or a new one. */
  #take(revision: string): RunnerHost {
    if (revision !== this.#idleRevision) {
      for (const host of this.#idle) this.#discard(host);
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
    const gone = host.kill().finally(() => this.#dying.delete(gone));
    this.#dying.add(gone);
  }
}

function toResult(name: string, { logs, reply }: TaskEnd): Result {
  const { details, durationMs, errorMessage, errorSource, reportedName, status } = reply;
  return {
    name,
    ...present({ reportedName: reportedName === name ? undefined : reportedName }),
    status,
    ...present({ details, errorMessage, errorSource, durationMs }),
    ...(logs.length === 0 ? {} : { logs: [...logs] }),
  };
}

function missing({ name }: RequestedRunner): Result {
  return unanswered(name, { error: `There is no runner "${name}".`, errorSource: "runner" });
}

function closedError(): AppError {
  return new AppError("draining", "The runner hosts are being stopped.");
}
