/**
 * A run as Markdown that fits a comment of a pull request: the matrix, why cells are red, and what
 * failed. What does not fit is counted.
 */
import type { Cause } from "../domain/comparison.ts";
import { exampleOf, moreCauses, redCount, runnersOf } from "./causes.ts";
import { type Cell, type Mark, type Matrix, rowName } from "./cells.ts";
import { changesText } from "./changes.ts";
import type { Differing } from "./comparison.ts";
import { code, element, fenced } from "./markdown-text.ts";
import type { ReportSource } from "./source.ts";
import { isOpen } from "./source.ts";
import { blame, isMet } from "./verdict.ts";
import { type Failure, type ReportView, type ViewLimits, viewOf } from "./view.ts";
import { MAX_WARNING } from "./warnings.ts";
import { counted, fate, moment, outcome, stillToCome, verdicts } from "./words.ts";

/** Characters for each part; GitHub takes 65 536 in a comment, and 1 MiB in a job's summary. */
interface Room {
  readonly limits: ViewLimits;
  readonly matrix: number;
  readonly failures: number;
  readonly causes: number;
}

const COMMENT: Room = {
  limits: {
    rows: 200,
    regions: 30,
    failures: 20,
    spans: 0,
    differences: 20,
    cells: 10,
  },
  matrix: 28_000,
  failures: 16_000,
  causes: 10_000,
};
const JOB_SUMMARY: Room = {
  limits: {
    rows: 1_000,
    regions: 100,
    failures: 100,
    spans: 0,
    differences: 100,
    cells: 50,
  },
  matrix: 300_000,
  failures: 200_000,
  causes: 100_000,
};

const MARKS: Readonly<Record<Mark, string>> = {
  pass: "✅ pass",
  "expected-fail": "✅ fail (expected)",
  "unexpected-pass": "❌ pass (unexpected)",
  fail: "❌ fail",
  error: "⚠️ error",
  running: "⏳ running",
  queued: "· queued",
};

const MAX_URL = 200;
const MAX_NAME = 128;
const MAX_MESSAGE = 400;
const MAX_DETAILS = 1_000;
/** Characters for what differs, taken from what the other parts leave. */
const COMPARISON_ROOM = 4_000;
const WARNING_ROOM = 2_000;

/** At most 65 000 characters. */
export async function* writeMarkdown(source: ReportSource): AsyncGenerator<string> {
  yield* sections(await viewOf(source, COMMENT.limits), COMMENT);
}

/** The same with more room: the summary of a job in GitHub Actions. */
export async function* writeJobSummary(source: ReportSource): AsyncGenerator<string> {
  yield* sections(await viewOf(source, JOB_SUMMARY.limits), JOB_SUMMARY);
}

function* sections(view: ReportView, room: Room): Generator<string> {
  const { failures, hiddenFailures } = view;
  yield `## ${sign(view)} ${verdicts(view.head, view.tally)}\n\n${aboutRun(view)}\n`;
  yield `\n${matrixTable(view.matrix, room.matrix)}`;
  yield* warningPart(view);
  yield* comparisonParts(view, room.causes);
  if (failures.length > 0) {
    const { left, lines } = fitting(failures, failureBlock, room.failures);
    const more = left + hiddenFailures;
    yield `\n### Failed\n\n${lines}${more > 0 ? `\n… and ${more} more.\n` : ""}`;
  }
}

function* warningPart({ hiddenWarnings, warnings }: ReportView): Generator<string> {
  if (warnings.length === 0) return;
  const { left, lines } = fitting(warnings, warningItem, WARNING_ROOM);
  const more = left + hiddenWarnings;
  yield `\n### Warnings\n\n${lines}${more > 0 ? `- … and ${counted(more, "more warning")}\n` : ""}`;
}

function warningItem(text: string): string {
  return `- ${code(text, MAX_WARNING)}\n`;
}

/** What differs, why cells are red, what has changed; of these nothing where nobody can tell. */
function* comparisonParts({ comparison, red }: ReportView, room: number): Generator<string> {
  if (comparison && comparison.differing.length > 0) {
    const { differing, hiddenDiffering } = comparison;
    const { left, lines } = fitting(differing, differingItem, COMPARISON_ROOM);
    const more = left + hiddenDiffering;
    yield `\n### What differs\n\n${lines}${more > 0 ? `- … and ${counted(more, "more row")}\n` : ""}`;
  }
  if (red.causes.length > 0) {
    const { left, lines } = fitting(red.causes, causeItem, room);
    const more = moreCauses(red.causes.slice(red.causes.length - left));
    yield `\n### ${redCount(red)}\n\n${lines}${more === undefined ? "" : `- ${more}\n`}`;
  }
  if (comparison?.changes) {
    yield `\nAgainst the run before: ${changesText(comparison.changes)}.\n`;
  }
}

function differingItem({ hiddenUrls, lines, runner, urls }: Differing): string {
  const more = hiddenUrls > 0 ? ` and ${counted(hiddenUrls, "more url")}` : "";
  const where = urls.map((url) => code(url, MAX_URL)).join(", ");
  const said = lines.map(
    ({ answers, path }) => `  - ${code(`${path}: ${answers}`, MAX_MESSAGE)}\n`,
  );
  return `- ${code(runner, MAX_NAME)} at ${where}${more}\n${said.join("")}`;
}

function sign({ head, tally }: ReportView): string {
  if (isMet(head)) return "✅";
  if (tally.redFailed > 0) return "❌";
  if (tally.errored > 0) return "⚠️";
  return isOpen(head) ? "⏳" : "✅";
}

function aboutRun({ head, tally }: ReportView): string {
  const { createdAt, mode, parentRunId, runId, tags } = head;
  const parts = [
    `volley run ${code(runId, MAX_NAME)} ${fate(head)}`,
    counted(tally.jobs, "job"),
    `${mode} mode`,
    `accepted ${moment(createdAt)}`,
    ...(tags.length > 0 ? [`tags ${tags.map((tag) => code(tag, MAX_NAME)).join(" ")}`] : []),
    ...(parentRunId === undefined ? [] : [`repeats ${code(parentRunId, MAX_NAME)}`]),
  ];
  const more = stillToCome(head, tally) ?? outcome(head);
  return parts.join(" · ") + (more === undefined ? "" : `\n\n${more}`);
}

function matrixTable({ hiddenRegions, hiddenRows, regions, rows }: Matrix, room: number): string {
  const head = ["runner", "url", ...regions.map((region) => code(region, MAX_NAME))];
  const { left, lines } = fitting(
    rows,
    (row) => {
      const runner = row.runner === undefined ? rowName(row) : code(rowName(row), MAX_NAME);
      const cells = regions.map((region) => mark(row.cells.get(region)));
      return tableLine([runner, code(row.url, MAX_URL), ...cells]);
    },
    room,
  );
  const hidden = [
    ...(left + hiddenRows > 0 ? [counted(left + hiddenRows, "more row")] : []),
    ...(hiddenRegions > 0 ? [counted(hiddenRegions, "more region")] : []),
  ];
  const more = hidden.length > 0 ? `\n… and ${hidden.join(" and ")}, not drawn here.\n` : "";
  return tableLine(head) + tableLine(head.map(() => "---")) + lines + more;
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |\n`;
}

function mark(cell: Cell | undefined): string {
  return cell ? MARKS[cell.mark] : "";
}

function failureBlock({ details, message, region, runner, url }: Failure): string {
  const title = `${element(runner)} in ${element(region)} at ${element(url.slice(0, MAX_URL))}`;
  const said = [message, details].filter((text) => text !== undefined).join("\n");
  // The blank lines end the raw HTML, so that what stands between them is Markdown.
  const body = said === "" ? "The runner gave no details." : fenced(said, MAX_DETAILS);
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>\n`;
}

function causeItem(cause: Cause): string {
  const names = cause.runners.map((runner) => code(runner, MAX_NAME)).join(", ");
  const more = cause.moreRunners === undefined ? "" : ` and ${cause.moreRunners} more`;
  const who = runnersOf(cause) === undefined ? "" : `${names}${more} in `;
  const whose = blame(cause) === "" ? "" : `${code(blame(cause), MAX_NAME)}: `;
  const example = exampleOf(cause);
  const said = example === undefined ? "" : `<br>${code(example, MAX_MESSAGE)}`;
  return `- **${cause.cells} ×** ${code(cause.cause, MAX_MESSAGE)}${said}<br>${whose}${who}${code(cause.where, MAX_WHERE)}\n`;
}

const MAX_WHERE = 1_000;

/** The items that fit into so many characters, and how many do not. */
function fitting<Item>(
  items: readonly Item[],
  draw: (item: Item) => string,
  room: number,
): { lines: string; left: number } {
  let lines = "";
  for (const [index, item] of items.entries()) {
    const line = draw(item);
    if (lines.length + line.length > room) return { lines, left: items.length - index };
    lines += line;
  }
  return { lines, left: 0 };
}
