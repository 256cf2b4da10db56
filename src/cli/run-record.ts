/**
 * What a client knows of a run: its jobs in fan-out order, kept up to date by events. Details and
 * logs of results are dropped, so that a run of any size can be watched.
 */
import type { ReadRun } from "../client/client.ts";
import type { Followed } from "../client/follow.ts";
import type { Job, State } from "../domain/job.ts";
import { countResults, type Result, type ResultCounts } from "../domain/result.ts";
import type { RunHead, RunRequest } from "../domain/run.ts";
import { fanoutJobs } from "../orchestrator/fanout.ts";
import type { RerunSelection } from "../orchestrator/rerun.ts";
import { jobLines } from "../report/lines.ts";
import { isOpen } from "../report/source.ts";
import { isRed } from "../report/verdict.ts";

export interface RecordedJob extends Job {
  /** Names of the runners it was asked for, once they are known. */
  readonly names: readonly string[];
  /** A line for each result, as the `list` report has it. */
  readonly lines: readonly string[];
}

/** The runners of a job that has not ended: its answer does not name them yet. */
export type NamesOf = (job: Pick<Job, "url" | "region">) => readonly string[];

export function namesOfRequest({ runners }: RunRequest): NamesOf {
  const names = new Map(
    fanoutJobs(runners).map((job) => [keyOf(job), job.runners.map(({ name }) => name)]),
  );
  return (job) => names.get(keyOf(job)) ?? [];
}

/** The runners of a run that repeats this one. */
export async function namesOfRun({ jobs }: ReadRun, again: RerunSelection): Promise<NamesOf> {
  const names = new Map<string, string[]>();
  for await (const job of jobs()) {
    const asked = job.results.filter((result) =>
      typeof again === "string"
        ? again === "all" || isRed(result)
        : again.some(({ name, region, url }) => {
            return name === result.name && region === job.region && url === job.url;
          }),
    );
    names.set(
      keyOf(job),
      asked.map(({ name }) => name),
    );
  }
  return (job) => names.get(keyOf(job)) ?? [];
}

function keyOf({ region, url }: Pick<Job, "url" | "region">): string {
  return JSON.stringify([url, region]);
}

export class RunRecord {
  readonly runId: string;
  readonly #namesOf: NamesOf;
  #head: RunHead | undefined;
  #jobs = new Map<string, RecordedJob>();
  #counts: ResultCounts = { passed: 0, failed: 0, errored: 0 };

  constructor(runId: string, namesOf: NamesOf = () => []) {
    this.runId = runId;
    this.#namesOf = namesOf;
  }

  get jobs(): readonly RecordedJob[] {
    return [...this.#jobs.values()];
  }

  /** As it was when the run was last read, but for its state. */
  get head(): RunHead | undefined {
    return this.#head;
  }

  set head(head: RunHead) {
    this.#head = head;
  }

  get state(): State {
    return this.#head?.state ?? "queued";
  }

  get counts(): ResultCounts {
    return this.#counts;
  }

  /** Whether everything is known: the run has ended, and so has each of its jobs. */
  get complete(): boolean {
    return this.#head !== undefined && !isOpen(this.#head) && !this.jobs.some(isOpen);
  }

  /** Takes over a run that was read as a whole; resolves with the jobs that have ended since. */
  async load({ head, jobs }: Pick<ReadRun, "head" | "jobs">): Promise<RecordedJob[]> {
    const read = new Map<string, RecordedJob>();
    for await (const job of jobs()) read.set(job.jobId, this.#recorded(job));
    const before = this.#jobs;
    this.#jobs = read;
    this.#head = head;
    this.#counts = countResults(this.jobs.flatMap(({ results }) => results));
    return this.jobs.filter((job) => {
      const known = before.get(job.jobId);
      return !isOpen(job) && (known === undefined || isOpen(known));
    });
  }

  /** Takes over an event; returns the job that it ended. */
  apply(event: Exclude<Followed, { type: "stale" }>): RecordedJob | undefined {
    if (event.type === "job.started") this.#start(event.data);
    if (event.type === "job.finished") return this.#finish(event.data.job);
    if (event.type === "run.finished" && this.#head) {
      const { status, summary } = event.data;
      this.#head = { ...this.#head, state: status.state, summary };
    } else if (this.#head?.state === "queued") {
      this.#head = { ...this.#head, state: "running" };
    }
    return undefined;
  }

  #start({ attempt, jobId }: { readonly jobId: string; readonly attempt: number }): void {
    const job = this.#jobs.get(jobId);
    if (!job || !isOpen(job)) return;
    this.#jobs.set(jobId, { ...job, state: "running", attempts: attempt });
  }

  #finish(job: Job): RecordedJob | undefined {
    const known = this.#jobs.get(job.jobId);
    if (known && !isOpen(known)) return undefined;
    const recorded = this.#recorded(job);
    this.#jobs.set(job.jobId, recorded);
    const { errored, failed, passed } = countResults(job.results);
    this.#counts = {
      passed: this.#counts.passed + passed,
      failed: this.#counts.failed + failed,
      errored: this.#counts.errored + errored,
    };
    return recorded;
  }

  #recorded(job: Job): RecordedJob {
    const names = isOpen(job) ? this.#namesOf(job) : job.results.map(({ name }) => name);
    const results = job.results.map(withoutEvidence);
    return { ...job, names, results, lines: jobLines(job) };
  }
}

function withoutEvidence(result: Result): Result {
  const { details: _details, logs: _logs, ...kept } = result;
  return kept;
}
