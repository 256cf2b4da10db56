/**
 * What a report says of regions against each other and against the run before: what differs, what
 * the red cells have in common, what is new, how to repeat a cell. Read in one go, in memory that
 * the limits bound; what was left out is counted.
 */
import {
  type Answer,
  type Change,
  type ChangeCounts,
  type ComparedCell,
  type ComparedRow,
  type ComparisonSource,
  type Difference,
  NO_REGION,
} from "../domain/comparison.ts";
import { regionsInShort } from "../domain/region-names.ts";
import { canonicalJson } from "../lib/canonical-json.ts";
import { present } from "../lib/present.ts";
import type { Red } from "./causes.ts";
import type { ReportSource } from "./source.ts";
import { isRed } from "./verdict.ts";

export interface ComparisonLimits {
  readonly differences: number;
  readonly cells: number;
}

/** Rows of one runner that differ in the same way. */
export interface Differing {
  /** With its input beside the url, if it has one, or "with several inputs". */
  readonly runner: string;
  /** The first few. */
  readonly urls: readonly string[];
  readonly hiddenUrls: number;
  /** `details.visible`, and who answered what. */
  readonly lines: readonly { readonly path: string; readonly answers: string }[];
}

/** A cell that is red, or was. */
export interface NamedCell {
  readonly runner: string;
  readonly url: string;
  readonly region: string;
  readonly change: Change;
  /** Cells that are named the same: those of a runner with several inputs. */
  readonly count: number;
  readonly rerun?: string;
  readonly curl?: string;
}

export interface ComparisonView extends Red {
  readonly differing: readonly Differing[];
  readonly hiddenDiffering: number;
  /** Undefined if no cell has an earlier answer. */
  readonly changes: ChangeCounts | undefined;
  /** Red cells, and those that were: new failures first. */
  readonly cells: readonly NamedCell[];
}

const MAX_URLS = 3;
const MAX_VALUE = 80;

/** Undefined if nobody can tell. */
export async function comparisonView(
  source: ReportSource,
  limits: ComparisonLimits,
): Promise<ComparisonView | undefined> {
  const wanted = limits.differences + limits.cells > 0;
  const comparison = wanted ? await source.comparison?.() : undefined;
  return comparison && viewOfComparison(comparison, limits);
}

export async function viewOfComparison(
  comparison: ComparisonSource,
  limits: ComparisonLimits,
): Promise<ComparisonView> {
  const differing = new Map<string, Group>();
  const cells = new Map<Change, OpenCell[]>();
  let hiddenDiffering = 0;
  for await (const row of comparison.rows) {
    if (!group(differing, row, limits.differences)) hiddenDiffering++;
    for (const cell of row.cells) keep(cells, row, cell, limits.cells);
  }
  const { causes, changes, red, regions } = comparison.totals();
  const known = new Set(regions);
  const compared = Object.entries(changes).some(([change, n]) => change !== "unknown" && n > 0);
  return {
    differing: Array.from(differing.values(), (one) => told(one, known)),
    hiddenDiffering,
    red,
    causes,
    changes: compared ? changes : undefined,
    cells: ORDER.flatMap((change) => cells.get(change) ?? []).slice(0, limits.cells),
  };
}

/** What is news comes first. */
const ORDER: readonly Change[] = [
  "new-failure",
  "flaky",
  "unknown",
  "still-failing",
  "fixed",
  "same",
];

interface Group {
  readonly runner: string;
  /** Of the first row, as it is shown; empty if it has none. */
  readonly input: string;
  hasOtherInputs: boolean;
  readonly differences: readonly Difference[];
  readonly urls: string[];
  /** The rows of one url follow each other. */
  lastUrl: string | undefined;
  count: number;
}

/** Whether there was room for the row, or nothing to say of it. */
function group(groups: Map<string, Group>, row: ComparedRow, limit: number): boolean {
  const { differences, runner, url } = row;
  if (differences.length === 0) return true;
  const input = row.input ? valueText({ value: row.input }) : "";
  const key = canonicalJson([runner, differences]);
  let known = groups.get(key);
  if (!known) {
    if (groups.size >= limit) return false;
    const none = { hasOtherInputs: false, urls: [], lastUrl: undefined, count: 0 };
    known = { runner, input, differences, ...none };
    groups.set(key, known);
  }
  known.hasOtherInputs ||= input !== known.input;
  // Several inputs make several rows of one url.
  if (known.lastUrl === url) return true;
  known.lastUrl = url;
  known.count++;
  if (known.urls.length < MAX_URLS) known.urls.push(url);
  return true;
}

type OpenCell = NamedCell & { count: number };

function keep(
  cells: Map<Change, OpenCell[]>,
  { runner, url }: ComparedRow,
  { change = "unknown", curl, region = NO_REGION, rerun, status, verdict }: ComparedCell,
  limit: number,
): void {
  const red = status !== undefined && isRed({ status, ...present({ verdict }) });
  if (!red && change !== "fixed") return;
  const kept = cells.get(change) ?? [];
  cells.set(change, kept);
  const same = kept.findLast(
    (one) => one.runner === runner && one.url === url && one.region === region,
  );
  if (same) same.count++;
  else if (kept.length < limit) {
    const calls = present({ rerun, curl });
    kept.push({ runner, url, region, change, count: 1, ...calls });
  }
}

function told(
  { count, differences, hasOtherInputs, input, urls, ...group }: Group,
  known: ReadonlySet<string>,
): Differing {
  const shownInput = hasOtherInputs ? " with several inputs" : input && ` ${input}`;
  const runner = group.runner + shownInput;
  const lines = differences.map(({ answers, path }) => ({
    path,
    answers: answers.map((answer) => answerText(answer, known)).join("; "),
  }));
  return { runner, urls, hiddenUrls: Math.max(0, count - urls.length), lines };
}

function answerText(answer: Answer, known: ReadonlySet<string>): string {
  return `${valueText(answer)} in ${regionsInShort(new Set(answer.regions), known)}`;
}

function valueText({ missing, shortened, value }: Partial<Answer>): string {
  if (missing) return "nothing";
  const text = shortened || isStatus(value) ? String(value) : JSON.stringify(value);
  const more = shortened ? ` (${shortened.characters} characters)` : "";
  return (
    (text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1).toWellFormed()}…` : text) + more
  );
}

/** A status says enough without quotes. */
function isStatus(value: unknown): boolean {
  return value === "pass" || value === "fail" || value === "error";
}

const NEWS: readonly Change[] = ["new-failure", "flaky", "fixed"];

/** The cells that are worth naming against the run before, and how many more there are. */
export function newsOf({ cells, changes }: ComparisonView): {
  readonly news: readonly NamedCell[];
  readonly hidden: number;
} {
  if (!changes) return { news: [], hidden: 0 };
  const news = cells.filter(({ change }) => NEWS.includes(change));
  const all = NEWS.reduce((sum, change) => sum + changes[change], 0);
  return { news, hidden: all - cellCount(news) };
}

/** How many cells stand behind so many names. */
export function cellCount(cells: readonly NamedCell[]): number {
  return cells.reduce((sum, { count }) => sum + count, 0);
}

/** "banner in eu-1", and what stands behind it where that is more than one cell. */
export function cellText({ count, region, runner }: NamedCell): string {
  return `${runner} in ${region}${count > 1 ? ` (${count} ×)` : ""}`;
}
