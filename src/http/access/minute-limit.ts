/**
 * So many per minute and name: a generic cell rate (GCRA), which allows the minute's share at once
 * and refills it evenly. One number per name, and never more than so many names.
 */
const MINUTE_MS = 60_000;
const MOST_NAMES = 10_000;

export class MinuteLimit {
  readonly #limit: number;
  readonly #now: () => number;
  /** When each name would have its whole share again. */
  readonly #full = new Map<string, number>();

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Counts one for `name`: 0, or how many milliseconds to wait if it was one too many. */
  take(name: string): number {
    const now = this.#now();
    const each = MINUTE_MS / this.#limit;
    const full = Math.max(this.#full.get(name) ?? 0, now);
    const wait = full + each - now - MINUTE_MS;
    // Tolerates what the division left over.
    if (wait > 1e-6) return wait;
    // To the end of the order, in which the longest unseen is first.
    this.#full.delete(name);
    this.#full.set(name, full + each);
    if (this.#full.size > MOST_NAMES) this.#forgetOldest();
    return 0;
  }

  #forgetOldest(): void {
    const [oldest] = this.#full.keys();
    if (oldest !== undefined) this.#full.delete(oldest);
  }
}
