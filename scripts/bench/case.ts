/** A case of the benchmark: what it is given and what it gives back. */
import type { Row } from "./comparison.ts";

export interface CaseOptions {
  /** The compiled volley. */
  readonly binary: string;
  readonly rounds: number;
  /** Jobs of an ordinary run; other sizes follow from it. */
  readonly jobs: number;
  /** A smoke test: that everything works, not how fast. */
  readonly quick: boolean;
}

/** Rejects with CannotRun if this machine or this volley lacks something, else with what is wrong. */
export type Case = (options: CaseOptions) => Promise<Row[]>;

/** Why a case has no figures here. */
export class CannotRun extends Error {}

/** Throws unless the counts are equal: a fast wrong answer is none. */
export function expectCount(what: string, actual: unknown, expected: unknown): void {
  if (actual === expected) return;
  throw new Error(`Wrong count: ${what} ${String(actual)}, expected ${String(expected)}.`);
}
