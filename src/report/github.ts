/**
 * GitHub Actions: annotations, as workflow commands on stdout. GitHub shows ten errors and ten
 * warnings of a step, so one stands for all regions in which a runner failed, and one for all errors
 * of one cause. What is red and excused (`excuseOf`) is a warning. The job's summary is Markdown
 * (`writeJobSummary`).
 */
import type { Cause } from "../domain/comparison.ts";
import { runnersOf } from "./causes.ts";
import { type Row, rowName } from "./cells.ts";
import { excuseOf, type ReportSource } from "./source.ts";
import { clipped, logLine } from "./untrusted-text.ts";
import { blame } from "./verdict.ts";
import { viewOf } from "./view.ts";
import { closing, counted } from "./words.ts";

const MAX_ANNOTATIONS = 10;
const LIMITS = {
  rows: 10_000,
  regions: 1_000,
  failures: 0,
  spans: 0,
  differences: 0,
  cells: 0,
};
const MAX_TEXT = 1_000;

type Level = "error" | "warning";

interface Annotation {
  readonly title: string;
  readonly message: string;
}

export async function* writeAnnotations(source: ReportSource): AsyncGenerator<string> {
  const { head, matrix, red: all, tally, warnings } = await viewOf(source, LIMITS);
  const errors = all.causes.filter(({ status }) => status === "error");
  const red = [...matrix.rows.flatMap(failedIn), ...errors.map(byCause)];
  const doubts = warnings.map((message) => ({ title: "volley", message }));
  if (excuseOf(source) !== undefined) {
    yield* commands("warning", [...red, ...doubts]);
  } else {
    yield* commands("error", red);
    yield* commands("warning", doubts);
  }
  yield closing(head, tally);
}

function* commands(level: Level, all: readonly Annotation[]): Generator<string> {
  const shown = all.length > MAX_ANNOTATIONS ? all.slice(0, MAX_ANNOTATIONS - 1) : all;
  for (const annotation of shown) yield command(level, annotation);
  if (shown.length === all.length) return;
  const message = `${all.length - shown.length} more are in the summary of this job.`;
  yield command(level, { title: "volley", message });
}

/** What failed in a row, if anything did. */
function failedIn(row: Row): Annotation[] {
  const regions = (mark: string): string[] =>
    [...row.cells].filter(([, cell]) => cell.mark === mark).map(([region]) => region);
  const failed = regions("fail");
  const unexpected = regions("unexpected-pass");
  const passed = regions("pass");
  const but = passed.length > 0 ? `, passed in ${passed.join(", ")}` : "";
  const against = {
    title: `${rowName(row)} passed unexpectedly`,
    message: `${rowName(row)} at ${row.url} passed in ${unexpected.join(", ")}, where it should fail.`,
  };
  const surprises = unexpected.length > 0 ? [against] : [];
  if (failed.length === 0) return surprises;
  return [
    ...surprises,
    {
      title: `${rowName(row)} failed`,
      message: `${rowName(row)} at ${row.url} failed in ${failed.join(", ")}${but}.`,
    },
  ];
}

function byCause(cause: Cause): Annotation {
  const { cells, example, where } = cause;
  const who = runnersOf(cause);
  const title = counted(cells, "error") + (blame(cause) === "" ? "" : `: ${blame(cause)}`);
  const message = example ?? cause.cause;
  return { title, message: `${message} (${who === undefined ? "" : `${who} in `}${where})` };
}

function command(level: Level, { message, title }: Annotation): string {
  const shown = clipped(logLine(message), MAX_TEXT);
  return `::${level} title=${property(clipped(logLine(title), 200))}::${data(shown)}\n`;
}

/** As the runner of GitHub Actions unescapes a command's text. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** As it unescapes a property. */
function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
