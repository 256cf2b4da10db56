/**
 * Pace: how far the starts of jobs run ahead of their answers.
 *
 * A quick endpoint answers as fast as jobs can be started for it: more of them at once gain nothing,
 * and cost, because Bun keeps 64 idle connections and opens a new one for each request beyond. So
 * past that many unanswered dispatches the next start waits for answers, but not for long: to an
 * endpoint that takes its time twice as many go out each time, up to what the limits allow.
 */
import type { Clock } from "../lib/clock.ts";
import { firstAborted } from "../lib/first-aborted.ts";
import { nextTurn } from "../lib/turn.ts";

/** Dispatches without an answer that starts run ahead by, at first. */
const AHEAD = 64;
/** So few of them are left when the next start has waited for answers. */
const LEFT = 32;
/** An endpoint that has not answered by then is not a quick one. So many take some 3 ms to read. */
const PATIENCE_MS = 4;

export class Pace {
  readonly #clock: Pick<Clock, "deadline">;
  #unanswered = 0;
  #ahead = AHEAD;
  #ebbed = new AbortController();

  constructor(clock: Pick<Clock, "deadline">) {
    this.#clock = clock;
  }

  /** Resolves in the next turn of the event loop, or soon after it, when more jobs may start. */
  async next(stopped: AbortSignal): Promise<void> {
    await nextTurn();
    if (this.#unanswered >= this.#ahead) await this.#ebb(stopped);
  }

  /**
   * Resolves, at once or soon, when so many dispatches may begin, which count from then on. A store
   * that takes its time records the starts of several groups at once: they still go out in turn.
   */
  async go(dispatches: number, stopped: AbortSignal): Promise<void> {
    while (this.#unanswered >= this.#ahead && !stopped.aborted) await this.#ebb(stopped);
    this.#unanswered += dispatches;
  }

  /** A dispatch is over. */
  answered(): void {
    if (--this.#unanswered !== LEFT) return;
    this.#ahead = AHEAD;
    this.#ebbed.abort();
  }

  async #ebb(stopped: AbortSignal): Promise<void> {
    if (this.#ebbed.signal.aborted) this.#ebbed = new AbortController();
    const ahead = this.#ahead;
    const ebbed = this.#ebbed.signal;
    await firstAborted(ebbed, this.#clock.deadline(PATIENCE_MS), stopped);
    // Once for all who have waited as long.
    if (!ebbed.aborted && this.#ahead === ahead) this.#ahead = 2 * this.#unanswered;
  }
}
