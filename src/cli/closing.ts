/**
 * What stands on the terminal once a run has ended: the region matrix, every result that needs a
 * look, the totals, and how to look closer. Pure.
 */
import type { Result } from "../domain/result.ts";
import { matrixOf, regionOf, SIGNS, WORDS } from "../report/cells.ts";
import { matrixLines } from "../report/matrix.ts";
import { Tally } from "../report/tally.ts";
import { warningLines } from "../report/text.ts";
import { logLine } from "../report/untrusted-text.ts";
import { isMet, isRed, lookOf } from "../report/verdict.ts";
import { Warnings } from "../report/warnings.ts";
import { closing } from "../report/words.ts";
import type { RecordedJob, RunRecord } from "./run-record.ts";
import { colored, type Paint, plain, widthOf } from "./terminal/paint.ts";

export interface ClosingOptions {
  readonly color: boolean;
  /** Columns of the terminal; absent where lines may be as long as they like. */
  readonly width?: number;
  /** What to type to see more. */
  readonly closer: string;
  /** Whether the line of every result stands above already. Default: no. */
  readonly isListed?: boolean;
  /** Whether what is red is so without making the exit code another. Default: no. */
  readonly isExcused?: boolean;
  /** What differs between regions, and against the run before. Default: nothing. */
  readonly comparison?: readonly string[];
}

const LIMITS = { rows: 200, regions: 100 };
/** Lines of results that failed, and of each error's results. */
const MAX_FAILED = 200;
const MAX_OF_ERROR = 10;

export function closingText(
  record: RunRecord,
  { closer, comparison = [], isExcused = false, isListed = false, ...options }: ClosingOptions,
): string {
  const { head, jobs } = record;
  if (!head) return "";
  const tally = new Tally();
  const warnings = new Warnings(head);
  for (const job of jobs) {
    tally.add(job);
    warnings.add(job);
  }
  const reasons = unreachable(jobs);
  const sections = [
    matrixLines(matrixOf(jobs, LIMITS), options),
    ...[
      warningLines(warnings.list(), warnings.hidden),
      reasons.length > 0
        ? ["No region could be reached:", ...reasons]
        : isListed
          ? []
          : redLines(jobs, options.color ? colored : plain),
      reasons.length > 0 ? [] : comparison,
    ].map((lines) => lines.map((line) => wrapped(line, options.width))),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  const excuse = wrapped("No failure is new: the exit code is 0 all the same.", options.width);
  const excused = isExcused && !isMet(head) ? `${excuse}\n` : "";
  const hint = tally.red > 0 ? `${excused}Look closer: ${closer}\n` : "";
  const end = closing(head, tally).split("\n");
  const totals = end.map((line) => wrapped(line, options.width)).join("\n");
  return `${text.join("\n\n")}\n\n${totals}${hint}`;
}

const INDENT = "    ";

/** Between words and with an indent, where a terminal would break anywhere; a command stays whole. */
function wrapped(line: string, width: number | undefined): string {
  if (width === undefined || widthOf(line) <= width || /^ *volley /.test(line)) return line;
  const [first = "", ...rest] = Bun.wrapAnsi(line, width - INDENT.length, { trim: false }).split(
    "\n",
  );
  return [first, ...rest.map((part) => INDENT + part.trimStart())].join("\n");
}

/** A line for each result that needs a look; of those with one reason the first few. */
function redLines(jobs: readonly RecordedJob[], paint: Paint): string[] {
  const lines: string[] = [];
  const hidden = new Map<string, number>();
  const seen = new Map<string, number>();
  for (const { lines: all, results } of jobs) {
    for (const [index, result] of results.entries()) {
      if (!isRed(result)) continue;
      const reason = reasonOf(result);
      const count = (seen.get(reason) ?? 0) + 1;
      seen.set(reason, count);
      if (count <= limitOf(result)) lines.push(painted(all[index] ?? "", result, paint));
      else hidden.set(reason, (hidden.get(reason) ?? 0) + 1);
    }
  }
  const more = Array.from(hidden, ([reason, count]) =>
    count === seen.get(reason) ? `! ${count} × error: ${reason}` : `… and ${count} more: ${reason}`,
  );
  return [...lines, ...more];
}

function reasonOf({ errorMessage, status }: Result): string {
  return status !== "error" ? "failed" : logLine(errorMessage ?? "no reason was given");
}

/** Whoever cancelled knows what has no result. */
function limitOf({ errorSource, status }: Result): number {
  if (errorSource === "cancelled") return 0;
  return status === "error" ? MAX_OF_ERROR : MAX_FAILED;
}

/** The line with its verdict in colour. */
function painted(line: string, result: Result, paint: Paint): string {
  const look = lookOf(result);
  const verdict = `${SIGNS[look]} ${WORDS[look]}`;
  return line.startsWith(verdict) ? paint(verdict, look) + line.slice(verdict.length) : line;
}

/** The reason of each region, if every result failed on the way to its region. */
function unreachable(jobs: readonly RecordedJob[]): string[] {
  const results = jobs.flatMap((job) => job.results);
  if (results.length === 0 || results.some((one) => one.errorSource !== "transport")) return [];
  const byRegion = Map.groupBy(jobs, regionOf);
  const regions = [...byRegion.keys()].toSorted();
  const width = Math.max(...regions.map((region) => region.length));
  return regions.map((region) => {
    const group = byRegion.get(region) ?? [];
    const said = new Set(group.flatMap((job) => job.results.map((one) => one.errorMessage ?? "")));
    return `  ${region.padEnd(width)}  ${logLine([...said].join(" "))}`;
  });
}
