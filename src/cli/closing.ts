/**
 * What stands on the terminal once a run has ended: the region matrix, every result that needs a
 * look, the totals, and how to look closer. Pure.
 */
import { matrixOf, regionOf } from "../report/cells.ts";
import { matrixLines } from "../report/matrix.ts";
import { Tally } from "../report/tally.ts";
import { logLine } from "../report/untrusted-text.ts";
import { closing, counted } from "../report/words.ts";
import { type RecordedJob, redLines, type RunRecord } from "./run-record.ts";

export interface ClosingOptions {
  readonly color: boolean;
  /** Columns of the terminal; absent where lines may be as long as they like. */
  readonly width?: number;
  /** What to type to see more. */
  readonly closer: string;
}

const LIMITS = { rows: 200, regions: 100 };
const MAX_RED = 200;

export function closingText(record: RunRecord, { closer, ...options }: ClosingOptions): string {
  const { head, jobs } = record;
  if (!head) return "";
  const tally = new Tally();
  for (const job of jobs) tally.add(job);
  const red = jobs.flatMap(redLines);
  const reasons = unreachable(jobs);
  const sections = [
    matrixLines(matrixOf(jobs, LIMITS), options),
    reasons.length > 0 ? ["No region could be reached:", ...reasons] : limited(red),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  const hint = red.length > 0 ? `Look closer: ${closer}\n` : "";
  return `${text.join("\n\n")}\n\n${closing(head, tally)}${hint}`;
}

function limited(lines: readonly string[]): readonly string[] {
  if (lines.length <= MAX_RED) return lines;
  return [...lines.slice(0, MAX_RED), `… and ${counted(lines.length - MAX_RED, "more line")}`];
}

/** The reason of each region, if every result failed on the way to its region. */
function unreachable(jobs: readonly RecordedJob[]): string[] {
  const results = jobs.flatMap((job) => job.results);
  if (results.length === 0 || results.some((one) => one.errorSource !== "transport")) return [];
  const reasons = Map.groupBy(jobs, regionOf);
  const width = Math.max(...[...reasons.keys()].map((region) => region.length));
  return Array.from(reasons, ([region, group]) => {
    const said = new Set(group.flatMap((job) => job.results.map((one) => one.errorMessage ?? "")));
    return `  ${region.padEnd(width)}  ${logLine([...said].join(" "))}`;
  });
}
