/**
 * The live matrix as lines that fit a terminal. Pure; no line is wider and the whole not taller
 * than there is room for.
 *
 * As it gets narrower, urls and names lose their middle, then cells their word, then regions their
 * columns.
 */
import { type Mark, shadeOf, SIGNS, statusWord, WORDS } from "../../report/cells.ts";
import { logLine } from "../../report/untrusted-text.ts";
import { type LiveMatrix, type LiveRow, mostUrgent } from "./live-rows.ts";
import { fitted, type Paint, widthOf } from "./paint.ts";

export interface Room {
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

const GAP = "  ";
const MARKS = ["pass", "fail", "error", "running", "queued"] as const satisfies readonly Mark[];
/** A cell that is as wide as this shows its word, the long words of verdicts apart. */
const WORD_WIDTH = widthOf(`${SIGNS.running} ${WORDS.running}`);
/** Names and urls are cut down to these before cells lose their words. */
const SHORT_RUNNER = 12;
const SHORT_URL = 20;
/** The narrowest column in which the name of a region says anything. */
const SHORT_REGION = 5;
const UNKNOWN = "…";

interface Columns {
  readonly runner: number;
  readonly url: number;
  /** One width per region; undefined: the regions stand together in one column of counts. */
  readonly regions: readonly number[] | undefined;
  /** Whether cells have words beside their signs. */
  readonly words: boolean;
}

export function matrixLines({ regions, rows }: LiveMatrix, room: Room): string[] {
  if (room.rows < 2) return [];
  const fits = rows.length < room.rows;
  const { hidden, shown } = mostUrgent(rows, fits ? rows.length : room.rows - 2);
  const columns = columnsFor(regions, rows, room.columns);
  const lines = shown.map((row) => rowLine(row, regions, columns, room));
  return [headLine(regions, columns), ...lines, ...(fits ? [] : [moreRows(hidden, room)])];
}

function columnsFor(regions: readonly string[], rows: readonly LiveRow[], width: number): Columns {
  const runner = widest(["runner", ...rows.map(runnerText)]);
  const url = widest(["url", ...rows.map((row) => logLine(row.url))]);
  const least = Math.min(runner, SHORT_RUNNER) + GAP.length + Math.min(url, SHORT_URL);
  const names = regions.map(widthOf);
  const candidates = [
    { widths: names.map((name) => Math.max(name, WORD_WIDTH)), words: true },
    { widths: names, words: false },
    { widths: names.map((name) => Math.min(name, 2 * SHORT_REGION)), words: false },
    { widths: names.map((name) => Math.min(name, SHORT_REGION)), words: false },
  ];
  for (const { widths, words } of candidates) {
    const left = width - widths.reduce((sum, each) => sum + GAP.length + each, 0);
    if (left >= least) return { ...shared(left, runner, url), regions: widths, words };
  }
  const counts = Math.min(regions.length * 3 + 6, Math.floor(width / 3));
  return { ...shared(width - GAP.length - counts, runner, url), regions: undefined, words: false };
}

/** Shares `width` columns between runner and url: the url gives way first. */
function shared(width: number, runner: number, url: number): { runner: number; url: number } {
  const both = Math.max(0, width - GAP.length);
  if (runner + url <= both) return { runner, url };
  const wanted = Math.max(SHORT_RUNNER, both - url, Math.floor(both * 0.4));
  const kept = Math.min(runner, wanted, both);
  return { runner: kept, url: both - kept };
}

function headLine(regions: readonly string[], { regions: widths, runner, url }: Columns): string {
  const names = widths
    ? regions.map((region, index) => fitted(region, widths[index] ?? 0))
    : ["regions"];
  return [fitted("runner", runner), fitted("url", url), ...names].join(GAP).trimEnd();
}

function rowLine(
  row: LiveRow,
  regions: readonly string[],
  { regions: widths, runner, url, words }: Columns,
  { paint }: Room,
): string {
  const cell = (region: string, index: number): string => {
    const mark = row.cells.get(region);
    const width = widths?.[index] ?? 0;
    if (mark === undefined) return " ".repeat(width);
    const text = fitted(words ? `${SIGNS[mark]} ${statusWord(mark)}` : SIGNS[mark], width);
    return paint(index === regions.length - 1 ? text.trimEnd() : text, mark);
  };
  const cells = widths ? regions.map(cell) : [counts([row], paint)];
  const names = [fitted(runnerText(row), runner), fitted(logLine(row.url), url)];
  return [...names, ...cells].join(GAP).trimEnd();
}

function moreRows(hidden: readonly LiveRow[], { paint }: Room): string {
  const rows = hidden.length === 1 ? "row" : "rows";
  return `… ${hidden.length} more ${rows}: ${counts(hidden, paint)}`;
}

/** "✓3 ✗1 …2" */
function counts(rows: readonly LiveRow[], paint: Paint): string {
  const all = rows.flatMap(({ cells }) => [...cells.values()]);
  return MARKS.flatMap((mark) => {
    const count = all.filter((one) => shadeOf(one) === mark).length;
    return count > 0 ? [paint(`${SIGNS[mark]}${count}`, mark)] : [];
  }).join(" ");
}

function runnerText({ runner }: LiveRow): string {
  return runner === undefined ? UNKNOWN : logLine(runner);
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, widthOf(text)), 0);
}
