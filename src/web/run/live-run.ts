/**
 * A run as the page holds it: read once, then kept up to date by its events until it ends,
 * whatever happens to the connection. `version` grows once per frame at most, however many events
 * there are.
 */
import { type Signal, signal } from "@preact/signals";

import { follow, hasEnded } from "../../client/follow.ts";
import { sleep } from "../../client/patience.ts";
import type { Comparison } from "../../domain/comparison.ts";
import type { RunEvent } from "../../domain/event.ts";
import type { Job } from "../../domain/job.ts";
import type { Result } from "../../domain/result.ts";
import type { RunStatus, RunSummary, SummaryCounts } from "../../domain/run.ts";
import { API, client, json, patience, patiently } from "../server.ts";
import { RegionMatrix } from "./matrix.ts";

/** Beyond it a run is not drawn, but offered as files. */
export const MOST_JOBS = 20_000;
/** Between two readings of a run whose events do not say enough. */
const REREAD_MS = 1_000;
const POLL_MS = 1_000;

type Counter = "totalJobs" | "completedJobs" | "failedJobs" | "queuedJobs" | "runningJobs";
const NO_JOBS: Readonly<Record<Counter, number>> = {
  totalJobs: 0,
  completedJobs: 0,
  failedJobs: 0,
  queuedJobs: 0,
  runningJobs: 0,
};

export type Head = Omit<RunSummary, "jobs">;
export type Told = Omit<Comparison, "rows">;

export class LiveRun {
  readonly runId: string;
  readonly version: Signal<number> = signal(0);
  readonly failure: Signal<unknown> = signal(undefined);
  status: RunStatus | undefined;
  head: Head | undefined;
  told: Told | undefined;
  matrix: RegionMatrix | undefined;
  /** In fan-out order. */
  readonly jobs = new Map<string, Job>();
  readonly #stop = new AbortController();
  readonly #byPlace = new Map<string, string>();
  #opened = false;
  #frame = 0;
  #reread: ReturnType<typeof setTimeout> | undefined;

  constructor(runId: string) {
    this.runId = runId;
  }

  /** Whether nobody has opened it yet. */
  get isFresh(): boolean {
    return !this.#opened;
  }

  /** The same run to be followed again, with what is known of it until then. */
  anew(): LiveRun {
    const next = new LiveRun(this.runId);
    next.status = this.status;
    next.head = this.head;
    next.told = this.told;
    next.matrix = this.matrix;
    for (const job of this.jobs.values()) next.#keep(job);
    return next;
  }

  get tooLarge(): boolean {
    return (this.status?.totalJobs ?? 0) > MOST_JOBS;
  }

  get ended(): boolean {
    return this.status !== undefined && hasEnded(this.status);
  }

  /** Reads and follows the run until it ends or `close` is called. */
  async open(): Promise<void> {
    const { signal } = this.#stop;
    this.#opened = true;
    try {
      this.status = await patiently(() => client.status(this.runId), signal);
      await this.#read();
      if (this.tooLarge) await this.#poll();
      if (this.ended) return;
      for await (const event of follow(client, this.runId, { patience, signal })) {
        if (event.type === "stale") this.#stale(event.status);
        else this.#apply(event);
      }
      await this.#read();
    } catch (error) {
      if (!signal.aborted) this.failure.value = error;
    }
  }

  close(): void {
    this.#stop.abort();
    clearTimeout(this.#reread);
    cancelAnimationFrame(this.#frame);
  }

  /** Where the jobs stand, by the events so far. */
  counts(): Pick<RunStatus, Counter> {
    if (this.ended || this.tooLarge || this.jobs.size === 0) return this.status ?? NO_JOBS;
    const counts = { ...NO_JOBS, totalJobs: this.jobs.size };
    for (const { state } of this.jobs.values()) {
      if (state === "queued") counts.queuedJobs++;
      else if (state === "running") counts.runningJobs++;
      else if (state === "completed") counts.completedJobs++;
      else counts.failedJobs++;
    }
    return counts;
  }

  /** What came of the run so far. */
  summary(): SummaryCounts {
    const summary = this.head?.summary ?? { total: 0, passed: 0, failed: 0, errored: 0 };
    if (this.ended || this.tooLarge) return summary;
    const results = [...this.jobs.values()].flatMap(({ results }) => results);
    const { verdict: _verdict, ...counts } = { ...summary, ...countResults(results) };
    return counts;
  }

  /** The job of a cell. */
  jobAt(url: string, region: string | undefined): Job | undefined {
    return this.jobs.get(this.#byPlace.get(place(url, region)) ?? "");
  }

  async #read(): Promise<void> {
    if (this.tooLarge) {
      this.head = await patiently(() => client.head(this.runId), this.#stop.signal);
      return this.#changed();
    }
    const path = `${API}/${encodeURIComponent(this.runId)}`;
    const [run, compared] = await patiently(
      () => Promise.all([json<RunSummary>("GET", path), client.comparison(this.runId)]),
      this.#stop.signal,
    );
    const { jobs, ...head } = run;
    const { rows, ...told } = compared;
    this.head = head;
    this.told = told;
    this.matrix = new RegionMatrix(rows);
    for (const job of jobs) this.#keep(job);
    this.#changed();
  }

  /** Of a run whose events would be too many: its counts, until it ends. */
  async #poll(): Promise<void> {
    const { signal } = this.#stop;
    while (!this.ended) {
      await sleep(POLL_MS, signal);
      this.status = await patiently(() => client.status(this.runId), signal);
      this.#changed();
    }
    await this.#read();
  }

  #keep(job: Job): void {
    this.jobs.set(job.jobId, job);
    this.#byPlace.set(place(job.url, job.region), job.jobId);
  }

  #apply(event: RunEvent): void {
    if (event.type === "job.started") {
      const { attempt, jobId, region, url } = event.data;
      const job = this.jobs.get(jobId);
      if (job && !job.completedAt) {
        this.#keep({ ...job, state: "running", attempts: attempt });
        this.matrix?.started(url, region);
      }
    } else if (event.type === "job.finished") {
      const { job } = event.data;
      this.#keep(job);
      if (this.matrix && !this.matrix.finished(job)) this.#readSoon();
    } else if (event.type === "run.finished") {
      this.status = event.data.status;
    }
    this.#changed();
  }

  #stale(status: RunStatus): void {
    this.status = status;
    this.#readSoon();
    this.#changed();
  }

  #readSoon(): void {
    this.#reread ??= setTimeout(() => {
      this.#reread = undefined;
      void this.#read().catch(() => {});
    }, REREAD_MS);
  }

  #changed(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.version.value++;
    });
  }
}

/** As the domain counts them, whose schemas the page does not load. */
function countResults(results: readonly Result[]) {
  const counts = { passed: 0, failed: 0, errored: 0 };
  for (const { status } of results) {
    counts[status === "pass" ? "passed" : status === "fail" ? "failed" : "errored"]++;
  }
  return counts;
}

function place(url: string, region = ""): string {
  return `${region} ${url}`;
}
