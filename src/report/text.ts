/** A run for a person, in a terminal or a file: the matrix, what failed, and why cells are red. */
import type { Cause } from "../domain/comparison.ts";
import { causeText, exampleOf, moreCauses, type Red, redCount } from "./causes.ts";
import { changesText, changeWord } from "./changes.ts";
import {
  cellCount,
  cellText,
  type ComparisonView,
  type Differing,
  type NamedCell,
  newsOf,
} from "./comparison.ts";
import { matrixLines, type MatrixOptions } from "./matrix.ts";
import type { ReportSource } from "./source.ts";
import { clipped, logLine } from "./untrusted-text.ts";
import { type Failure, type ReportView, type ViewLimits, viewOf } from "./view.ts";
import { MAX_WARNING } from "./warnings.ts";
import { closing, counted, moment } from "./words.ts";

const LIMITS: ViewLimits = {
  rows: 1_000,
  regions: 100,
  failures: 50,
  spans: 0,
  differences: 20,
  cells: 10,
};
const MAX_CAUSES = 50;
/** Commands that run one cell again. */
const MOST_COMMANDS = 10;
/** Longest line of details or of a message. */
const MAX_LINE = 300;

/** Text without terminal codes. */
export async function* writeText(source: ReportSource): AsyncGenerator<string> {
  yield* textLines(await viewOf(source, LIMITS), { color: false });
}

/** The same with colours, and no matrix wider than the terminal. */
export async function* writeTerminal(
  source: ReportSource,
  options: MatrixOptions,
): AsyncGenerator<string> {
  yield* textLines(await viewOf(source, LIMITS), options);
}

function* textLines(view: ReportView, options: MatrixOptions): Generator<string> {
  const { comparison } = view;
  const cells = comparison?.cells ?? [];
  for (const section of [
    matrixLines(view.matrix, options),
    warningLines(view.warnings, view.hiddenWarnings),
    failureLines(view),
    comparison ? differenceLines(comparison) : [],
    [...redLines(view.red, exampleLines), ...againLines(view.red, cells, MOST_COMMANDS)],
    comparison ? changeLines(comparison) : [],
    headLines(view),
  ]) {
    if (section.length > 0) yield `${section.join("\n")}\n\n`;
  }
  yield closing(view.head, view.tally);
}

function headLines({ head }: ReportView): string[] {
  const { createdAt, mode, parentRunId, tags } = head;
  const parts = [`accepted ${moment(createdAt)}`, `${mode} mode`];
  if (tags.length > 0) parts.push(`tags ${tags.map(logLine).join(", ")}`);
  if (parentRunId !== undefined) parts.push(`repeats ${logLine(parentRunId)}`);
  return [parts.join(" · ")];
}

/** A section of a text; nothing if there are no warnings. */
export function warningLines(warnings: readonly string[], hidden: number): string[] {
  if (warnings.length === 0) return [];
  const more = hidden > 0 ? [`  … and ${counted(hidden, "more warning")}`] : [];
  const lines = warnings.map((text) => `  ${clipped(logLine(text), MAX_WARNING)}`);
  return ["Warnings:", ...lines, ...more];
}

function failureLines({ failures, hiddenFailures }: ReportView): string[] {
  if (failures.length === 0) return [];
  const more = hiddenFailures > 0 ? [`  … and ${hiddenFailures} more`] : [];
  return ["Failed:", ...failures.flatMap(failure), ...more];
}

function failure({ details, message, region, runner, url }: Failure): string[] {
  const said = [message, details].filter((text) => text !== undefined);
  return [
    `  ${logLine(runner)} in ${logLine(region)} at ${logLine(url)}`,
    ...said.map((text) => `    ${clipped(logLine(text), MAX_LINE)}`),
  ];
}

/**
 * A comparison with a blank line between its parts. `commands`: how many cells say how to repeat
 * them.
 */
export function comparisonLines(view: ComparisonView, commands: number): string[] {
  const sections = comparisonSections(view, commands).filter((lines) => lines.length > 0);
  return sections.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
}

function comparisonSections(view: ComparisonView, commands: number): string[][] {
  const again = againLines(view, view.cells, commands);
  return [differenceLines(view), [...redLines(view, () => []), ...again], changeLines(view)];
}

function differenceLines({ differing, hiddenDiffering }: ComparisonView): string[] {
  if (differing.length === 0) return [];
  const more = hiddenDiffering > 0 ? [`  … and ${counted(hiddenDiffering, "more row")}`] : [];
  return ["What differs:", ...differing.flatMap(differingLines), ...more];
}

function differingLines({ hiddenUrls, lines, runner, urls }: Differing): string[] {
  const more = hiddenUrls > 0 ? ` and ${counted(hiddenUrls, "more url")}` : "";
  return [
    `  ${logLine(runner)} at ${urls.map(logLine).join(", ")}${more}`,
    ...lines.map(({ answers, path }) => `    ${clipped(logLine(`${path}: ${answers}`), MAX_LINE)}`),
  ];
}

/** `more`: what is told of a cause on further lines. */
function redLines(red: Red, more: (cause: Cause) => string[]): string[] {
  const [first, ...others] = red.causes;
  if (!first) return [];
  if (others.length === 0) {
    return [clippedLine(`${redCount(red)}: ${causeText(first)}`), ...indented(more(first))];
  }
  const shown = red.causes.slice(0, MAX_CAUSES);
  const left = moreCauses(red.causes.slice(MAX_CAUSES));
  const lines = shown.flatMap((cause) => [
    clippedLine(`${cause.cells} × ${causeText(cause)}`),
    ...indented(more(cause)),
  ]);
  return [`${redCount(red)}:`, ...indented([...lines, ...(left === undefined ? [] : [left])])];
}

function exampleLines(cause: Cause): string[] {
  const example = exampleOf(cause);
  return example === undefined ? [] : [clippedLine(`such as: ${example}`)];
}

function clippedLine(text: string): string {
  return clipped(logLine(text), MAX_LINE);
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function againLines({ red }: Red, cells: readonly NamedCell[], most: number): string[] {
  const shown = cells.filter(({ rerun }) => rerun !== undefined).slice(0, most);
  if (shown.length === 0) return [];
  const more = red - cellCount(shown);
  return [
    red === 1 ? "To run it again:" : "To run one of them again:",
    ...shown.map(({ rerun = "" }) => `  ${logLine(rerun)}`),
    ...(more > 0 ? [`  … and ${counted(more, "more cell")}`] : []),
  ];
}

function changeLines(comparison: ComparisonView): string[] {
  if (!comparison.changes) return [];
  const { hidden, news } = newsOf(comparison);
  return [
    `Against the run before: ${changesText(comparison.changes)}.`,
    ...news.map(
      (cell) => `  ${changeWord(cell.change)}: ${logLine(cellText(cell))} at ${logLine(cell.url)}`,
    ),
    ...(hidden > 0 ? [`  … and ${counted(hidden, "more cell")}`] : []),
  ];
}
