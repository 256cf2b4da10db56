/**
 * Causes: red cells grouped by what they have in common, so that nine failures of one kind read as
 * one. Comparisons and reports ask here, so that both tell one story. Pure; every red cell counts
 * for exactly one cause.
 */
import { clippedText, codeIn, normalisedError } from "../lib/error-text.ts";
import { present } from "../lib/present.ts";
import type { Cause } from "./comparison.ts";
import { regionsInShort } from "./region-names.ts";
import type { Result } from "./result.ts";

/** Most causes kept apart; what comes later counts as one for each status. */
const MAX_CAUSES = 200;
const MAX_RUNNERS = 5;
const OTHERS = "other causes";

/** A red cell and what it says of itself. */
export interface RedCell extends Pick<
  Result,
  "status" | "errorMessage" | "errorSource" | "errorCode"
> {
  readonly region: string;
  readonly runner: string;
}

type Told = Pick<Cause, "cause" | "status" | "errorSource" | "errorCode"> & { example?: string };

interface Group {
  readonly first: Told;
  /** Whether they differ in particulars. */
  varied: boolean;
  readonly regions: Set<string>;
  readonly runners: Set<string>;
  cells: number;
}

export class Causes {
  readonly #groups = new Map<string, Group>();

  add(cell: RedCell): void {
    const own = keyOf(cell);
    const known = this.#groups.has(own) || this.#groups.size < MAX_CAUSES;
    const key = known ? own : JSON.stringify([OTHERS, cell.status]);
    let group = this.#groups.get(key);
    if (!group) {
      const first = known ? told(cell) : { cause: OTHERS, status: cell.status };
      group = { first, varied: false, regions: new Set(), runners: new Set(), cells: 0 };
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
    group.runners.add(cell.runner);
    group.cells++;
  }

  /** The most frequent first. `known`: the regions of the run. */
  list(known: ReadonlySet<string>): Cause[] {
    const causes = Array.from(this.#groups.values(), (group): Cause => {
      const { cells, first, regions, runners, varied } = group;
      const more = runners.size - MAX_RUNNERS;
      return {
        ...first,
        cause: causeOf(first, varied),
        cells,
        regions: [...regions].toSorted(),
        where: regionsInShort(regions, known),
        runners: [...runners].toSorted().slice(0, MAX_RUNNERS),
        ...(more > 0 && { moreRunners: more }),
      };
    });
    return causes.toSorted((a, b) => b.cells - a.cells || (nameOf(a) < nameOf(b) ? -1 : 1));
  }
}

/** A code says all there is; a text that is the same everywhere needs nothing taken out. */
function causeOf({ cause, example }: Told, varied: boolean): string {
  const isCode = codeIn(cause) === cause;
  return isCode || varied || !example ? cause : oneLine(example);
}

function oneLine(text: string): string {
  return text
    .replace(/\u001b\[[0-9;]*m/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

function nameOf({ cause, errorCode, errorSource, example, status }: Cause): string {
  return [cause, status, errorSource, errorCode, example].join(" ");
}

function keyOf(cell: RedCell): string {
  const { errorCode = "", errorSource = "", status } = cell;
  return JSON.stringify([status, errorSource, errorCode, told(cell).cause]);
}

function told({ errorCode, errorMessage, errorSource, runner, status }: RedCell): Told {
  const facts = { status, ...present({ errorSource, errorCode }) };
  if (status === "pass") return { cause: `${runner} passed, which was not expected`, ...facts };
  if (!errorMessage) return { cause: `${runner} answered ${status}`, ...facts };
  const text = normalisedError(errorMessage);
  return { cause: codeIn(text) ?? text, example: clippedText(errorMessage), ...facts };
}
