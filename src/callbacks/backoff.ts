/** When a callback is tried again: exponentially later, jittered, and not for ever. Pure. */

const FIRST_MS = 5_000;
const LONGEST_MS = 2 * 3_600_000;
const FACTOR = 3;
/** From the moment it was due; also what the README promises. */
export const GIVE_UP_AFTER_MS = 24 * 3_600_000;

export interface Failed {
  /** Attempts so far. */
  readonly attempts: number;
  readonly dueSince: number;
  readonly now: number;
  /** Not earlier, said the receiver. */
  readonly afterMs?: number;
}

/** When to try again, in milliseconds since the epoch; undefined: no more. */
export function nextAttempt(
  { afterMs = 0, attempts, dueSince, now }: Failed,
  random: () => number,
): number | undefined {
  const longest = Math.min(LONGEST_MS, FIRST_MS * FACTOR ** (attempts - 1));
  // From half of it on: receivers that failed together are not called together again.
  const delay = longest * (0.5 + random() / 2);
  const next = now + Math.round(Math.max(delay, Math.min(afterMs, LONGEST_MS)));
  return next - dueSince > GIVE_UP_AFTER_MS ? undefined : next;
}
