/**
 * Trouble: what fails, is tried again and fails again, maybe for many at once, as the log tells it:
 * the first time at once, then now and then with how often it was met since, and when it is over.
 */
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** Between two lines about the same trouble, in milliseconds. */
const PAUSE_MS = 30_000;

export interface TroubleOptions {
  readonly log: Log;
  readonly clock: Pick<Clock, "monotonic">;
  readonly message: string;
  /** The message once it is over. */
  readonly over: string;
}

export class Trouble {
  readonly #options: TroubleOptions;
  #toldAt = -Infinity;
  #times = 0;
  /** Since when the log knows of it. */
  #since: number | undefined;

  constructor(options: TroubleOptions) {
    this.#options = options;
  }

  met(error: unknown): void {
    const { clock, log, message } = this.#options;
    const now = clock.monotonic();
    this.#times++;
    if (now - this.#toldAt < PAUSE_MS) return;
    log.error(message, { error, times: this.#times });
    this.#toldAt = now;
    this.#times = 0;
    this.#since ??= now;
  }

  /** Something came through: says so if the log knows of the trouble. */
  passed(): void {
    if (this.#since === undefined) return;
    const { clock, log, over } = this.#options;
    log.info(over, { afterMs: Math.round(clock.monotonic() - this.#since) });
    this.#since = undefined;
  }
}
