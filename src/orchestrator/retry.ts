/**
 * When a failed attempt is repeated: exponential backoff with full jitter, never earlier than the
 * endpoint asked for. Pure.
 */
import type { Attempt } from "./attempt.ts";

const BASE_MS = 250;
const CAP_MS = 30_000;

export interface RetryBudget {
  /** Retries this job may have, and had. */
  readonly allowed: number;
  readonly used: number;
  /** What is left of the run's limit, in milliseconds. */
  readonly remainingMs: number;
}

/**
 * Milliseconds to wait before the next attempt; undefined if there is none: the failure is no
 * matter of luck, the budget is used up, or the run would end first. `random`: from [0, 1).
 */
export function retryDelay(
  { retry, state }: Attempt,
  { allowed, remainingMs, used }: RetryBudget,
  random: () => number,
): number | undefined {
  if (state !== "failed" || !retry || used >= allowed) return undefined;
  const backoff = Math.min(CAP_MS, BASE_MS * 2 ** used) * random();
  const delay = Math.ceil(Math.max(retry.afterMs ?? 0, backoff));
  return delay < remainingMs ? delay : undefined;
}
