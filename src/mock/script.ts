/**
 * The script of a mock runner: what becomes of one job after the other. Pure.
 */
import { REGION_PATTERN } from "../domain/region.ts";
import { milliseconds } from "../lib/flags.ts";

/** What becomes of one job. */
export type Entry = Action & {
  /** The entry as written. */
  readonly text: string;
};

type Action =
  | { readonly kind: PlainKind }
  | { readonly kind: "slow"; readonly ms: number }
  | { readonly kind: "flaky"; readonly chance: number }
  | { readonly kind: "region"; readonly region: string }
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: number };

type PlainKind = keyof typeof PLAIN;

/** Entries without an argument. */
const PLAIN = {
  pass: "every runner passes",
  fail: "every runner fails",
  error: "every runner throws",
  hang: "never answers",
  reset: "closes the connection without an answer",
  garbage: "answers what is not JSON",
  huge: "answers without an end",
  redirect: "answers a redirect",
  missing: "has none of the runners",
  short: "leaves out the result of the last runner",
} as const;

/** Entries with one, as they are written. */
const WITH_ARGUMENT = {
  "slow:TIME": "passes after that time, as slow:3s",
  "flaky:CHANCE": "each runner fails with that chance, as flaky:0.3 (see --seed)",
  "region:NAME": "passes, and says that it is in that region",
  "STATUS, STATUS:TIME": "answers that HTTP status (400 to 599), 429 and 5xx with Retry-After",
} as const;

/** One line per kind of entry, for the help text. */
export function scriptHelp(): string {
  const rows = Object.entries({ ...PLAIN, ...WITH_ARGUMENT });
  const width = Math.max(...rows.map(([entry]) => entry.length));
  return rows.map(([entry, about]) => `  ${entry.padEnd(width)}  ${about}`).join("\n");
}

const MAX_REPEATS = 1_000;
const LONGEST_MS = 86_400_000;
const REGION = new RegExp(REGION_PATTERN);

/** The entries of a script in order, and every fault of it, by the name of its entry. */
export function parseScript(words: readonly string[]): {
  readonly entries: readonly Entry[];
  readonly faults: readonly string[];
} {
  const entries: Entry[] = [];
  const faults: string[] = [];
  for (const word of words) {
    const [, text = "", times = "1"] = /^(.*?)(?:\*(\d+))?$/s.exec(word) ?? [];
    const action = parseEntry(text);
    const count = Number(times);
    if (typeof action === "string") faults.push(`"${word}" ${action}`);
    else if (count < 1 || count > MAX_REPEATS) {
      faults.push(`"${word}" must repeat from 1 to ${MAX_REPEATS} times`);
    } else entries.push(...Array.from({ length: count }, () => ({ ...action, text })));
  }
  return { entries, faults };
}

/** The action, or what is wrong with the entry. */
function parseEntry(text: string): Action | string {
  if (Object.hasOwn(PLAIN, text)) return { kind: text as PlainKind };
  const [kind = "", argument] = text.split(/:(.*)/s);
  if (kind === "slow") {
    const ms = milliseconds(argument ?? "");
    return ms <= LONGEST_MS ? { kind, ms } : "needs a time up to 24h, as slow:3s";
  }
  if (kind === "flaky") {
    const chance = /^\d(\.\d{1,6})?$/.test(argument ?? "") ? Number(argument) : NaN;
    return chance <= 1 ? { kind, chance } : "needs a chance from 0 to 1, as flaky:0.3";
  }
  if (kind === "region") {
    return REGION.test(argument ?? "")
      ? { kind, region: argument ?? "" }
      : "needs the name of a region, as region:us-east-1";
  }
  if (/^[45]\d\d$/.test(kind)) return parseStatus(Number(kind), argument);
  return "is not an entry of a script; see volley mock-runner --help";
}

function parseStatus(status: number, argument: string | undefined): Action | string {
  if (argument === undefined) return { kind: "status", status };
  const ms = milliseconds(argument);
  if (status !== 429 && status < 500) return "cannot say when to try again: only 429 and 5xx can";
  if (!(ms <= LONGEST_MS)) return `needs a time up to 24h, as ${status}:2s`;
  return { kind: "status", status, retryAfter: Math.ceil(ms / 1_000) };
}
