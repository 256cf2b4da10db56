/**
 * Why there is no verdict: the errors of a run, those of one kind together, the most frequent
 * first. Errors are of one kind if their texts differ in particulars only: urls, numbers, ids.
 */
import type { Job } from "../domain/job.ts";
import type { ErrorSource, Result } from "../domain/result.ts";
import { normalisedError } from "../lib/error-text.ts";
import { present } from "../lib/present.ts";
import { regionOf } from "./cells.ts";
import { oneLine } from "./untrusted-text.ts";
import { blame } from "./verdict.ts";

export interface Cause {
  /** One line: the first of them as it was told. */
  readonly message: string;
  /** As `blame` has it; empty if nobody is blamed. */
  readonly blame: string;
  readonly errorSource?: ErrorSource;
  readonly count: number;
  readonly regions: readonly string[];
  /** Names of runners, in first-seen order; the first few. */
  readonly runners: readonly string[];
  readonly hiddenRunners: number;
}

const MAX_RUNNERS = 5;
/** Longest message that is kept. */
const MAX_MESSAGE = 1_000;

interface Group {
  readonly first: Result;
  readonly message: string;
  count: number;
  readonly regions: Set<string>;
  readonly runners: Set<string>;
}

export class Causes {
  readonly #limit: number;
  readonly #groups = new Map<string, Group>();
  #hidden = 0;

  /** `limit`: different causes kept; errors of further ones are only counted. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Errors of causes that were not kept. */
  get hidden(): number {
    return this.#hidden;
  }

  add(job: Job): void {
    for (const result of job.results) if (result.status === "error") this.#put(result, job);
  }

  list(): Cause[] {
    const causes = Array.from(
      this.#groups.values(),
      ({ count, first, message, regions, runners }) => ({
        message,
        blame: blame(first),
        ...present({ errorSource: first.errorSource }),
        count,
        regions: [...regions],
        runners: [...runners].slice(0, MAX_RUNNERS),
        hiddenRunners: Math.max(0, runners.size - MAX_RUNNERS),
      }),
    );
    return causes.toSorted((one, other) => other.count - one.count);
  }

  #put(result: Result, job: Job): void {
    const message =
      oneLine(result.errorMessage ?? "").slice(0, MAX_MESSAGE) || "No reason was given.";
    const key = JSON.stringify([blame(result), normalisedError(message)]);
    let group = this.#groups.get(key);
    if (!group) {
      if (this.#groups.size >= this.#limit) {
        this.#hidden++;
        return;
      }
      group = { first: result, message, count: 0, regions: new Set(), runners: new Set() };
      this.#groups.set(key, group);
    }
    group.count++;
    group.regions.add(regionOf(job));
    group.runners.add(result.name);
  }
}
