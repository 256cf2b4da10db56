/**
 * A run as people look at it: the matrix, the causes of what is red, what failed, and when each job
 * ran. Text, Markdown and HTML draw the same view, so that they say the same.
 *
 * Built in one reading, in memory that the limits bound; what was left out is counted.
 */
import { Causes, type RedCell } from "../domain/causes.ts";
import type { Job } from "../domain/job.ts";
import type { Result, ResultStatus } from "../domain/result.ts";
import type { RunHead } from "../domain/run.ts";
import { present } from "../lib/present.ts";
import type { Red } from "./causes.ts";
import { type Matrix, MatrixBuilder, type MatrixLimits, regionOf } from "./cells.ts";
import { type ComparisonLimits, type ComparisonView, comparisonView } from "./comparison.ts";
import { detailsText } from "./details.ts";
import type { ReportSource } from "./source.ts";
import { Tally } from "./tally.ts";
import { beginning } from "./untrusted-text.ts";
import { countedAs, isRed, plainReason } from "./verdict.ts";
import { Warnings } from "./warnings.ts";

export interface ViewLimits extends MatrixLimits, ComparisonLimits {
  readonly failures: number;
  readonly spans: number;
}

/** A red result that is no error, with what the runner said of it. */
export interface Failure {
  readonly runner: string;
  readonly url: string;
  readonly region: string;
  /** Details as indented JSON, cut where they are long. */
  readonly details?: string;
  readonly message?: string;
}

/** When a job ran. */
export interface Span {
  readonly url: string;
  readonly region: string;
  /** The worst of its results, an expected `fail` counting as a pass. */
  readonly worst: ResultStatus;
  readonly attempts: number;
  /** Milliseconds from the acceptance of the run to the job's first dispatch. */
  readonly startMs: number;
  readonly durationMs: number;
}

export interface ReportView {
  readonly head: RunHead;
  readonly tally: Tally;
  readonly matrix: Matrix;
  readonly red: Red;
  readonly failures: readonly Failure[];
  readonly hiddenFailures: number;
  /** In fan-out order; the slowest jobs, if there are more than the limit. */
  readonly spans: readonly Span[];
  readonly hiddenSpans: number;
  /** What makes the answers doubtful, a sentence or two each. */
  readonly warnings: readonly string[];
  readonly hiddenWarnings: number;
  /** Undefined if nobody can tell. */
  readonly comparison: ComparisonView | undefined;
}

/** Longest details kept of a failure. */
const MAX_DETAILS = 2_000;

/** One reading of all jobs. */
export async function viewOf(source: ReportSource, limits: ViewLimits): Promise<ReportView> {
  const tally = new Tally();
  const matrix = new MatrixBuilder(limits);
  const causes = new Causes();
  const regions = new Set<string>();
  const warnings = new Warnings(source.head);
  const failures: Failure[] = [];
  const spans = new Slowest(limits.spans);
  for await (const job of source.jobs()) {
    tally.add(job);
    matrix.add(job);
    regions.add(regionOf(job));
    for (const cell of redCellsOf(job)) causes.add(cell);
    warnings.add(job);
    if (failures.length < limits.failures) failures.push(...failuresOf(job));
    spans.add(spanOf(job, source.head));
  }
  return {
    head: source.head,
    tally,
    matrix: matrix.matrix(),
    red: { red: tally.red, causes: causes.list(regions) },
    failures: failures.slice(0, limits.failures),
    hiddenFailures: Math.max(0, tally.redFailed - limits.failures),
    spans: spans.list(),
    hiddenSpans: spans.dropped,
    warnings: warnings.list(),
    hiddenWarnings: warnings.hidden,
    comparison: await comparisonView(source, limits),
  };
}

function redCellsOf(job: Job): RedCell[] {
  const region = regionOf(job);
  return job.results.filter(isRed).map((result) => ({ ...result, region, runner: result.name }));
}

function failuresOf(job: Job): Failure[] {
  return job.results
    .filter((result) => countedAs(result) === "fail")
    .map((result) => {
      const details = detailsText(result, 2);
      return {
        runner: result.name,
        url: job.url,
        region: regionOf(job),
        ...(details === undefined ? {} : { details: beginning(details, MAX_DETAILS) }),
        ...present({ message: messageOf(result) }),
      };
    });
}

function messageOf(result: Result): string | undefined {
  return result.errorMessage ?? (result.status === "pass" ? plainReason(result) : undefined);
}

const SEVERITY: readonly ResultStatus[] = ["pass", "fail", "error"];

function spanOf(job: Job, { createdAt }: RunHead): Span | undefined {
  const { attempts, durationMs, results, startedAt, url } = job;
  if (startedAt === undefined || durationMs === undefined) return undefined;
  const worst = results.reduce<ResultStatus>((worst, result) => {
    const one = countedAs(result);
    return SEVERITY.indexOf(one) > SEVERITY.indexOf(worst) ? one : worst;
  }, "pass");
  const startMs = Math.max(0, Date.parse(startedAt) - Date.parse(createdAt));
  return { url, region: regionOf(job), worst, attempts, startMs, durationMs };
}

/** The longest spans of any number, in the order they came. */
class Slowest {
  readonly #limit: number;
  #kept: { readonly index: number; readonly span: Span }[] = [];
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get dropped(): number {
    return Math.max(0, this.#count - this.#limit);
  }

  add(span: Span | undefined): void {
    if (!span) return;
    this.#kept.push({ index: this.#count++, span });
    // Sorted now and then, not for every job.
    if (this.#kept.length >= 2 * this.#limit) this.#cut();
  }

  list(): Span[] {
    this.#cut();
    return this.#kept.toSorted((one, other) => one.index - other.index).map(({ span }) => span);
  }

  #cut(): void {
    const slowest = this.#kept.toSorted(
      (one, other) => other.span.durationMs - one.span.durationMs || one.index - other.index,
    );
    this.#kept = slowest.slice(0, this.#limit);
  }
}
