/**
 * A run as the page holds it: read once, then kept up to date by its events until it ends,
 * whatever happens to the connection. Whoever draws it is drawn again when it changes, once per
 * frame at most, however many events there are.
 */
import { type Signal, signal } from "@preact/signals";

import { follow, hasEnded } from "../../client/follow.ts";
import { sleep } from "../../client/patience.ts";
import type { Comparison } from "../../domain/comparison.ts";
import type { RunEvent } from "../../domain/event.ts";
import type { Job } from "../../domain/job.ts";
import type { Result } from "../../domain/result.ts";
import type { RunStatus, RunSummary, SummaryCounts } from "../../domain/run.ts";
import { pictures } from "../../report/details.ts";
import { Warnings } from "../../report/warnings.ts";
import { counted } from "../../report/words.ts";
import { API, client, json, patience, patiently } from "../server.ts";
import { RegionMatrix } from "./matrix.ts";

/** Beyond it a run is not drawn, but offered as files. */
export const MOST_JOBS = 20_000;
/**
 * Before causes and changes are asked for anew, which events do not tell: at least so long, and
 * so many times as long as the last answer took, so that a large run does not keep the server busy.
 */
const COMPARE_MS = 1_000;
const COMPARE_FACTOR = 20;
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
  readonly failure: Signal<unknown> = signal(undefined);
  #status: RunStatus | undefined;
  #head: Head | undefined;
  #told: Told | undefined;
  #matrix: RegionMatrix | undefined;
  readonly #jobs = new Map<string, Job>();
  /** Grows when something has changed; whoever reads it is drawn again. */
  readonly #version = signal(0);
  readonly #stop = new AbortController();
  readonly #byPlace = new Map<string, string>();
  #warnings: Warnings | undefined;
  #pictures = 0;
  #opened = false;
  #frame = 0;
  #comparing: ReturnType<typeof setTimeout> | undefined;
  #compareMs = COMPARE_MS;

  constructor(runId: string) {
    this.runId = runId;
  }

  get status(): RunStatus | undefined {
    return this.#noted(this.#status);
  }

  get head(): Head | undefined {
    return this.#noted(this.#head);
  }

  get told(): Told | undefined {
    return this.#noted(this.#told);
  }

  get matrix(): RegionMatrix | undefined {
    return this.#noted(this.#matrix);
  }

  /** In fan-out order. */
  get jobs(): ReadonlyMap<string, Job> {
    return this.#noted(this.#jobs);
  }

  /** What makes answers doubtful, a sentence each: text of strangers. */
  warnings(): string[] {
    const { hidden = 0 } = this.#warnings ?? {};
    const told = this.#warnings?.list() ?? [];
    return hidden > 0 ? [...told, `… and ${counted(hidden, "more warning")}.`] : told;
  }

  /** How many pictures stand in the results. */
  get pictures(): number {
    return this.#noted(this.#pictures);
  }

  /** Whether nobody has opened it yet. */
  get isFresh(): boolean {
    return !this.#opened;
  }

  /** The same run to be followed again, with what is known of it until then. */
  anew(): LiveRun {
    const next = new LiveRun(this.runId);
    next.#status = this.#status;
    next.#head = this.#head;
    next.#told = this.#told;
    next.#matrix = this.#matrix;
    next.#warnings = this.#warnings;
    for (const job of this.#jobs.values()) next.#keep(job);
    return next;
  }

  get tooLarge(): boolean {
    return (this.status?.totalJobs ?? 0) > MOST_JOBS;
  }

  get ended(): boolean {
    const { status } = this;
    return status !== undefined && hasEnded(status);
  }

  /** Reads and follows the run until it ends or `close` is called. */
  async open(): Promise<void> {
    const { signal } = this.#stop;
    this.#opened = true;
    try {
      this.#status = await patiently(() => client.status(this.runId), signal);
      await this.#read();
      if (this.tooLarge) return await this.#poll();
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
    clearTimeout(this.#comparing);
    cancelAnimationFrame(this.#frame);
  }

  /** Where the jobs stand, by the events so far. */
  counts(): Pick<RunStatus, Counter> {
    if (this.ended || this.tooLarge || this.#jobs.size === 0) return this.#status ?? NO_JOBS;
    const counts = { ...NO_JOBS, totalJobs: this.#jobs.size };
    for (const { state } of this.#jobs.values()) {
      if (state === "queued") counts.queuedJobs++;
      else if (state === "running") counts.runningJobs++;
      else if (state === "completed") counts.completedJobs++;
      else counts.failedJobs++;
    }
    return counts;
  }

  /** What came of the run so far. */
  summary(): SummaryCounts {
    const summary = this.#head?.summary ?? { total: 0, passed: 0, failed: 0, errored: 0 };
    if (this.ended || this.tooLarge) return summary;
    const results = [...this.#jobs.values()].flatMap(({ results }) => results);
    const { verdict: _verdict, ...counts } = { ...summary, ...countResults(results) };
    return counts;
  }

  /** The job of a cell. */
  jobAt(url: string, region: string | undefined): Job | undefined {
    return this.#jobs.get(this.#byPlace.get(place(url, region)) ?? "");
  }

  async #read(): Promise<void> {
    if (this.tooLarge) {
      this.#head = await patiently(() => client.head(this.runId), this.#stop.signal);
      this.#warnings ??= new Warnings(this.#head);
      return this.#changed();
    }
    const path = `${API}/${encodeURIComponent(this.runId)}`;
    const { signal } = this.#stop;
    const { jobs, ...head } = await patiently(
      () => json<RunSummary>("GET", path, undefined, signal),
      signal,
    );
    this.#head = head;
    this.#warnings ??= new Warnings(head);
    for (const job of jobs) this.#keep(job);
    await this.#compare();
  }

  /** An answer may be older than what events have told meanwhile; then these count. */
  async #compare(): Promise<void> {
    const asked = performance.now();
    const { rows, ...told } = await patiently(
      () => client.comparison(this.runId),
      this.#stop.signal,
    );
    this.#compareMs = Math.max(COMPARE_MS, (performance.now() - asked) * COMPARE_FACTOR);
    this.#told = told;
    this.#matrix = new RegionMatrix(rows);
    for (const job of this.#jobs.values()) this.#matrix.tell(job);
    this.#changed();
  }

  /** Of a run whose events would be too many: its counts, until it ends. */
  async #poll(): Promise<void> {
    const { signal } = this.#stop;
    while (!this.ended) {
      await sleep(POLL_MS, signal);
      this.#status = await patiently(() => client.status(this.runId), signal);
      await this.#read();
    }
  }

  #keep(job: Job): void {
    this.#warnings?.add(job);
    const before = this.#jobs.get(job.jobId);
    if (before?.completedAt) return;
    this.#pictures += job.results.reduce((sum, result) => sum + pictures(result).length, 0);
    this.#jobs.set(job.jobId, job);
    this.#byPlace.set(place(job.url, job.region), job.jobId);
  }

  #apply(event: RunEvent): void {
    if (event.type === "job.started") {
      const { attempt, jobId } = event.data;
      const job = this.#jobs.get(jobId);
      if (job) this.#tell({ ...job, state: "running", attempts: attempt });
      if (this.#status?.state === "queued") this.#status = { ...this.#status, state: "running" };
    } else if (event.type === "job.finished") {
      this.#tell(event.data.job);
      this.#compareSoon();
    } else if (event.type === "run.finished") {
      this.#status = event.data.status;
    }
    this.#changed();
  }

  #tell(job: Job): void {
    this.#keep(job);
    this.#matrix?.tell(this.#jobs.get(job.jobId) ?? job);
  }

  /** Events were missed. */
  #stale(status: RunStatus): void {
    this.#status = status;
    void this.#read().catch(() => {});
  }

  #compareSoon(): void {
    this.#comparing ??= setTimeout(() => {
      this.#comparing = undefined;
      void this.#compare().catch(() => {});
    }, this.#compareMs);
  }

  #noted<Value>(value: Value): Value {
    void this.#version.value;
    return value;
  }

  #changed(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#version.value++;
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
