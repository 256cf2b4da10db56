/**
 * Causes: red cells grouped by what their errors have in common, so that nine failures of one kind
 * read as one. Pure; every red cell counts for exactly one cause.
 */
import type { Cause } from "../../domain/comparison.ts";
import { regionsInShort } from "../../domain/region-names.ts";
import type { ErrorSource } from "../../domain/result.ts";
import { clippedText, codeIn, normalisedError } from "../../lib/error-text.ts";
import { present } from "../../lib/present.ts";

/** Most causes kept apart; what comes later counts as one. */
const MAX_CAUSES = 200;
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
  /** Whether they differ in particulars. */
  varied: boolean;
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
      group = { first, varied: false, regions: new Set(), cells: 0 };
      this.#groups.set(key, group);
    }
    // The same example whichever cell came first.
    const { example } = group.first;
    const message = clippedText(cell.errorMessage ?? "");
    if (known && example !== undefined && message !== example) {
      group.varied = true;
      if (message < example) group.first.example = message;
    }
    group.regions.add(cell.region);
    group.cells++;
  }

  /** The most frequent first. `known`: the regions of the run. */
  list(known: ReadonlySet<string>): Cause[] {
    const causes = Array.from(this.#groups.values(), ({ cells, first, regions, varied }) => ({
      ...first,
      cause: causeOf(first, varied),
      cells,
      regions: [...regions].toSorted(),
      where: regionsInShort(regions, known),
    }));
    return causes.toSorted((a, b) => b.cells - a.cells || (nameOf(a) < nameOf(b) ? -1 : 1));
  }
}

/** A code says all there is; a text that is the same everywhere needs nothing taken out. */
function causeOf({ cause, example }: Group["first"], varied: boolean): string {
  const isCode = codeIn(cause) === cause;
  return isCode || varied || !example ? cause : oneLine(example);
}

function oneLine(text: string): string {
  return text
    .replace(/\u001b\[[0-9;]*m/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

function nameOf({ cause, errorSource, example }: Cause): string {
  return [cause, errorSource, example].join(" ");
}

function keyOf({ errorSource }: RedCell, text: string): string {
  return `${errorSource ?? ""} ${text}`;
}

function told({ errorMessage, errorSource }: RedCell, text: string): Group["first"] {
  const example = errorMessage === undefined ? undefined : clippedText(errorMessage);
  return { cause: codeIn(text) ?? text, ...present({ example, errorSource }) };
}

function causeText({ errorMessage, runner, status }: RedCell): string {
  if (status === "pass") return `${runner} passed, which was not expected`;
  return errorMessage ? normalisedError(errorMessage) : `${runner} answered ${status}`;
}
