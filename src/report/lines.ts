/**
 * Reports of plain lines, for pipes and build logs: `list`, one line per result; `dot`, one
 * character per result, then the lines of those that are red.
 */
import type { Job } from "../domain/job.ts";
import type { Result } from "../domain/result.ts";
import { regionOf, SIGNS, WORDS } from "./cells.ts";
import { detailsText } from "./details.ts";
import { frozen, type ReportSource } from "./source.ts";
import { Tally } from "./tally.ts";
import { clipped, logLine } from "./untrusted-text.ts";
import { blame, isRed, type Look, lookOf, plainReason } from "./verdict.ts";
import { MAX_WARNING, Warnings } from "./warnings.ts";
import { closing, counted, duration } from "./words.ts";

/** Longest message or details on a line. */
const MAX_SAID = 300;
export const DOTS_PER_LINE = 80;
export const DOTS: Readonly<Record<Look, string>> = {
  pass: ".",
  "expected-fail": ".",
  fail: "F",
  "unexpected-pass": "F",
  error: "E",
};

export async function* writeList(source: ReportSource): AsyncGenerator<string> {
  const tally = new Tally();
  const warnings = new Warnings(source.head);
  for await (const job of source.jobs()) {
    tally.add(job);
    warnings.add(job);
    for (const line of jobLines(job)) yield `${line}\n`;
  }
  yield* warningLines(warnings);
  yield closing(source.head, tally);
}

export async function* writeDots(given: ReportSource): AsyncGenerator<string> {
  const source = frozen(given);
  const tally = new Tally();
  const warnings = new Warnings(source.head);
  for await (const job of source.jobs()) {
    warnings.add(job);
    const before = tally.known;
    tally.add(job);
    const dots = job.results.map((result, index) => {
      const dot = DOTS[lookOf(result)];
      const full = (before + index + 1) % DOTS_PER_LINE === 0;
      return full ? `${dot}\n` : dot;
    });
    if (dots.length > 0) yield dots.join("");
  }
  if (tally.known % DOTS_PER_LINE > 0) yield "\n";
  if (tally.red > 0) {
    for await (const job of source.jobs()) {
      for (const result of job.results) if (isRed(result)) yield `${resultLine(result, job)}\n`;
    }
  }
  yield* warningLines(warnings);
  yield closing(source.head, tally);
}

function* warningLines(warnings: Warnings): Generator<string> {
  for (const text of warnings.list()) {
    yield `Warning: ${clipped(logLine(text), MAX_WARNING)}\n`;
  }
  if (warnings.hidden > 0) yield `… and ${counted(warnings.hidden, "more warning")}\n`;
}

/** A line for each result of a job; none while it is in progress. */
export function jobLines(job: Job): string[] {
  return job.results.map((result) => resultLine(result, job));
}

function resultLine(result: Result, job: Job): string {
  const { durationMs, name } = result;
  const look = lookOf(result);
  const time = durationMs === undefined ? [] : [`(${duration(durationMs)})`];
  const said = isRed(result) ? saying(result) : undefined;
  const line = [
    `${SIGNS[look]} ${WORDS[look].padEnd("error".length)}`,
    logLine(regionOf(job)),
    logLine(name),
    logLine(job.url),
    ...time,
  ].join("  ");
  return said === undefined ? line : `${line}: ${said}`;
}

/** Why a result is red, on one line: the error and who is to blame, or the details. */
function saying(result: Result): string | undefined {
  const { errorMessage } = result;
  const reason = result.status === "pass" ? plainReason(result) : detailsText(result, 0);
  const text = errorMessage ?? reason;
  if (text === undefined) return undefined;
  const who = blame(result);
  return clipped(logLine(text), MAX_SAID) + (who === "" ? "" : ` [${who}]`);
}
