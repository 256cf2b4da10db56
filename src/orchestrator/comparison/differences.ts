/**
 * Differences: JSON values side by side, as the places where they differ and who answered what.
 * Pure; the order of the values given does not matter, and no value is left out of a difference.
 */
import type { Answer, Difference } from "../../domain/comparison.ts";
import { canonicalJson } from "../../lib/canonical-json.ts";
import { pathBelow } from "../../lib/json-path.ts";

/** Most differences of one row: past it nobody reads them one by one. */
const MAX_DIFFERENCES = 100;
/** Longest value, in characters of its JSON, that is told in full. */
const MAX_VALUE = 1_000;
const SHOWN = 200;

/** What one cell answered. An absent value differs from every other. */
export interface Answered {
  readonly region: string;
  readonly value: unknown;
}

/** Collects differences until there are enough. */
export class Differences {
  readonly found: Difference[] = [];
  /** Whether some were left out. */
  more = false;

  /** Compares values whose nesting is bounded. `path`: where they stand. */
  compare(path: string, cells: readonly Answered[]): void {
    if (this.more) return;
    const groups = Map.groupBy(cells, ({ value }) => textOf(value));
    if (groups.size < 2) return;
    if (cells.every(({ value }) => isObject(value))) {
      const keys = new Set(cells.flatMap(({ value }) => Object.keys(value as object)));
      for (const key of [...keys].toSorted()) this.#below(path, key, cells);
    } else if (cells.every(({ value }) => Array.isArray(value))) {
      const longest = Math.max(...cells.map(({ value }) => (value as unknown[]).length));
      for (let index = 0; index < longest && !this.more; index++) this.#below(path, index, cells);
    } else if (this.found.length === MAX_DIFFERENCES) {
      this.more = true;
    } else {
      this.found.push({ path, answers: answers(groups) });
    }
  }

  #below(path: string, key: string | number, cells: readonly Answered[]): void {
    const values = cells.map(({ region, value }) => ({
      region,
      value: Object.hasOwn(value as object, key) ? (value as never)[key] : undefined,
    }));
    this.compare(pathBelow(path, key), values);
  }
}

/** Tells an absent value from the text of every other. */
function textOf(value: unknown): string {
  return value === undefined ? "" : canonicalJson(value);
}

function answers(groups: ReadonlyMap<string, readonly Answered[]>): Answer[] {
  const told = Array.from(groups, ([text, cells]): Answer => {
    const regions = [...new Set(cells.map(({ region }) => region))].toSorted();
    return { ...shown(text, cells[0]?.value), regions, cells: cells.length };
  });
  return told.toSorted((a, b) => b.cells - a.cells || order(a, b));
}

/** Two answers of as many cells: by their regions, or by what they say in the same ones. */
function order(a: Answer, b: Answer): number {
  const [one, other] = [a, b].map(({ regions, ...rest }) => canonicalJson([regions, rest]));
  return (one ?? "") < (other ?? "") ? -1 : 1;
}

function shown(text: string, value: unknown): Partial<Answer> {
  if (value === undefined) return { missing: true };
  if (text.length <= MAX_VALUE) return { value };
  const sha256 = new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 16);
  const beginning = `${text.slice(0, SHOWN).toWellFormed()}…`;
  return { value: beginning, shortened: { characters: text.length, sha256 } };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
