/**
 * RunWriter: what becomes of runs this replica owns, written in groups under their epochs.
 */
import { AppError } from "../../domain/errors.ts";
import type { EndState } from "../../domain/job.ts";
import { countResults, countVerdicts } from "../../domain/result.ts";
import { present } from "../../lib/present.ts";
import type { EndedJob, EndMoment, Judgement, Moment, PendingJob, StoredRun } from "../store.ts";
import type { Client } from "./client.ts";
import { GroupWriter, MAX_CHARACTERS, MAX_ROWS } from "./group-writer.ts";
import {
  type EndRow,
  type EventSpan,
  type Fence,
  type Progress,
  type RunEndRow,
  SPAN_JOBS,
  writeProgress,
  writeRunEnds,
} from "./progress.ts";
import { storable } from "./rows.ts";

interface JobWrite extends Progress {
  readonly run: StoredRun;
}

interface RunEnd {
  readonly run: StoredRun;
  readonly row: RunEndRow;
}

const ROW_CHARACTERS = 200;

export class RunWriter {
  readonly #client: Pick<Client, "query">;
  readonly #committed: (ms: number) => void;
  readonly #jobs: GroupWriter<JobWrite, void>;
  readonly #runs: GroupWriter<RunEnd, EndState>;
  /** Events of starts that were sent and never answered, by job. */
  readonly #uncertain = new Map<string, number>();

  constructor(client: Pick<Client, "query">, committed: (ms: number) => void = () => {}) {
    this.#client = client;
    this.#committed = committed;
    this.#jobs = new GroupWriter({
      apply: (group) => this.#timed(() => this.#applyJobs(group)),
      rowsOf: ({ spans }) => spans,
      sizeOf: ({ ends, spans }) => ends.reduce(sizeWith, spans.length * ROW_CHARACTERS),
    });
    this.#runs = new GroupWriter({
      apply: (group) => this.#timed(() => this.#applyRuns(group)),
      rowsOf: ({ row }) => [{ run: row.run, positions: [0] }],
      sizeOf: () => ROW_CHARACTERS,
    });
  }

  async startJobs(
    run: StoredRun,
    jobs: readonly PendingJob[],
    { at, event }: Moment,
  ): Promise<void> {
    const earlier = this.#earlierStarts(run, jobs);
    const spans = spansOf(run, jobs, event).map((span, index) => {
      const from = index * SPAN_JOBS;
      const uncertain = earlier?.slice(from, from + SPAN_JOBS);
      return { ...span, at, ...present({ uncertain }) };
    });
    try {
      await this.#jobs.write({ run, spans, ends: [] });
    } catch (error) {
      for (const [index, { position }] of jobs.entries()) {
        if (!isAway(error)) break;
        this.#uncertain.set(nameOf(run, position), earlier?.[index] ?? event + index);
      }
      throw error;
    }
  }

  /** Takes note that these are tried again; undefined if that is so of none. */
  #earlierStarts(run: StoredRun, jobs: readonly PendingJob[]): (number | null)[] | undefined {
    if (this.#uncertain.size === 0) return undefined;
    const names = jobs.map(({ position }) => nameOf(run, position));
    const earlier = names.map((name) => this.#uncertain.get(name) ?? null);
    for (const name of names) this.#uncertain.delete(name);
    return earlier.some((event) => event !== null) ? earlier : undefined;
  }

  async endJobs(run: StoredRun, ended: readonly EndedJob[], event: number): Promise<void> {
    const rows = ended.map((job, index) => toEndRow(run, job, event + index));
    const writes = slicesOf(rows).map((ends) => {
      const spans = spansOf(run, ends, ends[0]?.event ?? event);
      return this.#jobs.write({ run, spans, ends });
    });
    await Promise.all(writes);
  }

  endRun(
    run: StoredRun,
    state: EndState,
    { at, durationMs: duration, event }: EndMoment,
    judgement?: Judgement,
  ): Promise<EndState> {
    const localized = judgement?.localized.length ? JSON.stringify(judgement.localized) : null;
    const verdict = judgement?.verdict ?? null;
    const times = { at, duration, event };
    const row = { ...fenceOf(run), state, ...times, verdict, localized };
    return this.#runs.write({ run, row });
  }

  /** Resolves once nothing is being written. */
  async idle(): Promise<void> {
    await Promise.all([this.#jobs.idle(), this.#runs.idle()]);
  }

  async #applyJobs(group: readonly JobWrite[]): Promise<(void | Error)[]> {
    const fences = new Map<number, Fence>();
    for (const { run } of group) {
      if (run.epoch > (fences.get(run.key)?.epoch ?? 0)) fences.set(run.key, fenceOf(run));
    }
    // An older epoch in the same group: this replica lost the run and has claimed it again since.
    const current = ({ run }: JobWrite): boolean =>
      fences.get(run.key)?.epoch === run.epoch && fences.get(run.key)?.id === run.runId;
    const written = group.filter(current);
    const spans = written.flatMap((write) => write.spans);
    const ends = written.flatMap((write) => write.ends);
    const owned = await this.#client.query((sql) =>
      writeProgress(sql, [...fences.values()], { spans, ends }),
    );
    return group.map((write) =>
      current(write) && owned.has(write.run.key) ? undefined : leaseLost(write.run.runId),
    );
  }

  async #applyRuns(group: readonly RunEnd[]): Promise<(EndState | Error)[]> {
    const rows = group.map(({ row }) => row);
    const states = await this.#client.query((sql) => writeRunEnds(sql, rows));
    return group.map(({ run }) => states.get(run.key) ?? leaseLost(run.runId));
  }

  async #timed<Answer>(write: () => Promise<Answer>): Promise<Answer> {
    const begun = performance.now();
    const answer = await write();
    this.#committed(performance.now() - begun);
    return answer;
  }
}

function fenceOf({ epoch, key, runId }: StoredRun): Fence {
  return { run: key, epoch, id: runId };
}

/** Somebody else has claimed the run, or it is gone. */
export function leaseLost(runId: string): AppError {
  return new AppError("lease_lost", `Run "${runId}" belongs to another server now.`);
}

/** Spans of events about so many jobs, numbered from `event` on. */
function spansOf(
  { key }: StoredRun,
  jobs: readonly Pick<PendingJob, "position">[],
  event: number,
): EventSpan[] {
  const spans: EventSpan[] = [];
  for (let from = 0; from < jobs.length; from += SPAN_JOBS) {
    const positions = jobs.slice(from, from + SPAN_JOBS).map(({ position }) => position);
    spans.push({ run: key, event: event + from, positions });
  }
  return spans;
}

function toEndRow(run: StoredRun, { at, durationMs, end, job }: EndedJob, event: number): EndRow {
  const counts = end.results
    ? countResults(end.results)
    : { passed: 0, failed: 0, errored: job.runners.length };
  const verdicts = job.expected && countVerdicts(end.results ?? [], job.expected.length);
  return {
    run: run.key,
    position: job.position,
    state: end.state,
    at,
    duration: durationMs,
    event,
    ...present({
      results: end.results && JSON.stringify(end.results),
      error: end.error === undefined ? undefined : storable(end.error),
      error_code: end.errorCode === undefined ? undefined : storable(end.errorCode),
      error_source: end.errorSource,
      region_mismatch: end.regionMismatch && JSON.stringify(end.regionMismatch),
      passed: counts.passed || undefined,
      failed: counts.failed || undefined,
      errored: counts.errored || undefined,
      expected: verdicts?.expected,
      unexpected: verdicts?.unexpected,
    }),
  };
}

/** Rows in slices that one statement may hold. */
function slicesOf(rows: readonly EndRow[]): EndRow[][] {
  const slices: EndRow[][] = [];
  let characters = Infinity;
  for (const row of rows) {
    const size = sizeWith(0, row);
    const slice = slices.at(-1);
    if (slice && slice.length < MAX_ROWS && characters + size <= MAX_CHARACTERS) slice.push(row);
    else slices.push([row]);
    characters = slice === slices.at(-1) ? characters + size : size;
  }
  return slices;
}

/** Characters of a row, more or less, and of those before it. */
function sizeWith(before: number, { results }: EndRow): number {
  return before + ROW_CHARACTERS + (results?.length ?? 0);
}

function nameOf({ key }: StoredRun, position: number): string {
  return `${key}/${position}`;
}

function isAway(error: unknown): boolean {
  return error instanceof AppError && error.code === "store_unavailable";
}
