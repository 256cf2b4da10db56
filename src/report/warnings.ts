/**
 * What makes the answers of a run doubtful: runners that a region was known to lack when the run was
 * accepted, and answers that may be another region's. Each once, in bounded memory.
 */
import type { Job } from "../domain/job.ts";
import type { RunHead } from "../domain/run.ts";
import { regionOf } from "./cells.ts";

/** Warnings that are told; of further ones only how many there are. */
const MOST_TOLD = 20;
/** Different ones that are kept: endpoints may say that they are anywhere. */
const MOST_KEPT = 1_000;
/** Longest warning in a report, in characters. */
export const MAX_WARNING = 300;

export class Warnings {
  readonly #told: Set<string>;

  constructor({ warnings = [] }: Pick<RunHead, "warnings">) {
    this.#told = new Set(warnings.map(({ message }) => message));
  }

  add(job: Pick<Job, "region" | "regionMismatch">): void {
    if (!job.regionMismatch || this.#told.size >= MOST_KEPT) return;
    this.#told.add(`${regionOf(job)}: ${job.regionMismatch.message}`);
  }

  /** Untrusted text of one sentence or two each. */
  list(): string[] {
    return [...this.#told].slice(0, MOST_TOLD);
  }

  /** How many more were kept. */
  get hidden(): number {
    return Math.max(0, this.#told.size - MOST_TOLD);
  }
}
