/**
 * Causes: red cells grouped by what their errors have in common, so that nine failures of one kind
 * read as one. Pure; every red cell counts for exactly one cause.
 */
import type { Cause } from "../../domain/comparison.ts";
import type { ErrorSource } from "../../domain/result.ts";
import { present } from "../../lib/present.ts";
import { regionsInShort } from "./region-names.ts";

/** Most causes kept apart; what comes later counts as one. */
const MAX_CAUSES = 200;
const MAX_TEXT = 300;
const OTHERS = "other causes";

/** A red cell and what it says of itself. */
export interface RedCell {
  readonly region: string;
  readonly runner: string;
  readonly status: "pass" | "fail" | "error";
  readonly errorMessage?: string;
  readonly errorSource?: ErrorSource;
}

interface Group {
  readonly first: Omit<Cause, "cells" | "regions" | "where">;
  readonly regions: Set<string>;
  cells: number;
}

export class Causes {
  readonly #groups = new Map<string, Group>();

  add(cell: RedCell): void {
    const text = causeText(cell);
    const known = this.#groups.has(keyOf(cell, text)) || this.#groups.size < MAX_CAUSES;
    const key = known ? keyOf(cell, text) : OTHERS;
    let group = this.#groups.get(key);
    if (!group) {
      const first = known ? told(cell, text) : { cause: OTHERS };
      this.#groups.set(key, (group = { first, regions: new Set(), cells: 0 }));
    }
    // The same example whichever cell came first.
    const { example } = group.first;
    if (known && example !== undefined && (cell.errorMessage ?? "") < example) {
      group.first.example = clipped(cell.errorMessage ?? "");
    }
    group.regions.add(cell.region);
    group.cells++;
  }

  /** The most frequent first. `known`: the regions of the run. */
  list(known: ReadonlySet<string>): Cause[] {
    const causes = Array.from(this.#groups.values(), ({ cells, first, regions }) => ({
      ...first,
      cells,
      regions: [...regions].toSorted(),
      where: regionsInShort(regions, known),
    }));
    return causes.toSorted((a, b) => b.cells - a.cells || (nameOf(a) < nameOf(b) ? -1 : 1));
  }
}

function nameOf({ cause, errorSource, example }: Cause): string {
  return [cause, errorSource, example].join(" ");
}

function keyOf({ errorSource }: RedCell, text: string): string {
  return `${errorSource ?? ""} ${text}`;
}

function told({ errorMessage, errorSource }: RedCell, text: string): Group["first"] {
  const example = errorMessage === undefined ? undefined : clipped(errorMessage);
  return { cause: codeIn(text) ?? text, ...present({ example, errorSource }) };
}

function causeText({ errorMessage, runner, status }: RedCell): string {
  if (status === "pass") return `${runner} passed, which was not expected`;
  return errorMessage ? normalisedError(errorMessage) : `${runner} answered ${status}`;
}

/** What names a cause by itself, as browsers and systems write it. */
function codeIn(text: string): string | undefined {
  return /\b(?:ERR_[A-Z0-9_]{2,}|E[A-Z]{4,}|NS_ERROR_[A-Z0-9_]+)\b/.exec(text)?.[0];
}

/** In order: what is replaced first must not be taken apart by what follows. */
const PARTICULARS: readonly (readonly [RegExp, string])[] = [
  [/\u001b\[[0-9;]*m/g, ""],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'`<>)\]]+/gi, "<url>"],
  [/"[^"\n]{0,500}"|`[^`\n]{0,500}`|(?<![\w])'[^'\n]{0,500}'(?!\w)/g, "<value>"],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, "<time>"],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/g, "<time>"],
  [/\b(?:[a-z]+_)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, "<id>"],
  [/\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b/gi, "<id>"],
  [/\b0x[0-9a-f]+\b/gi, "<id>"],
  [/(?<![\w<])-?\d+(?:[.,]\d+)*(?=(?:ms|s|px|kB|KB|MB|%)?(?![\w]))/g, "<n>"],
  [/\s+/g, " "],
];

/**
 * An error's text without what is particular to one occurrence: urls, quoted values, times, ids
 * and numbers.
 */
export function normalisedError(message: string): string {
  let text = message.slice(0, 8 * MAX_TEXT);
  for (const [pattern, replacement] of PARTICULARS) text = text.replace(pattern, replacement);
  return clipped(text.trim());
}

function clipped(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1).toWellFormed()}…` : text;
}
