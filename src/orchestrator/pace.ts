/**
 * Pace: how far the starts of jobs run ahead of their answers.
 *
 * A quick endpoint answers as fast as jobs can be started for it: more of them at once gain nothing,
 * and cost, because Bun keeps 64 idle connections and opens a new one for each request beyond. So
 * past that many unanswered dispatches the next start waits for answers, but not for long: to an
 * endpoint that takes its time twice as many go out each time, up to what the limits allow.
 */
import type { Clock } from "../lib/clock.ts";
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
  /** Lets those go who wait, in order. */
  readonly #waiting = new Set<() => void>();
  /** Of the first of them; aborts when it has waited long enough. */
  #patience: AbortSignal | undefined;

  constructor(clock: Pick<Clock, "deadline">) {
    this.#clock = clock;
  }

  /** Resolves in the next turn of the event loop, or soon after it, when more jobs may start. */
  async next(stopped: AbortSignal): Promise<void> {
    await nextTurn();
    await this.go(0, stopped);
  }

  /**
   * Resolves, at once or soon, when so many dispatches may begin, which count from then on. A store
   * that takes its time records the starts of several groups at once: they still go out in turn.
   */
  go(dispatches: number, stopped: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        stopped.removeEventListener("abort", go);
        this.#waiting.delete(go);
        this.#unanswered += dispatches;
        resolve();
      };
      const free = this.#waiting.size === 0 && this.#unanswered < this.#ahead;
      if (free || stopped.aborted) return go();
      stopped.addEventListener("abort", go);
      this.#waiting.add(go);
      if (this.#waiting.size === 1) this.#wait();
    });
  }

  /** A dispatch is over. */
  answered(): void {
    if (--this.#unanswered !== LEFT) return;
    this.#ahead = AHEAD;
    this.#letGo();
  }

  #letGo(): void {
    this.#patience = undefined;
    for (const go of this.#waiting) {
      if (this.#unanswered >= this.#ahead) return this.#wait();
      go();
    }
  }

  #wait(): void {
    const patience = (this.#patience = this.#clock.deadline(PATIENCE_MS));
    const lost = (): void => {
      if (patience !== this.#patience) return;
      // Runs that have stopped wait no longer.
      if (this.#waiting.size > 0) this.#ahead = 2 * this.#unanswered;
      this.#letGo();
    };
    patience.addEventListener("abort", lost, { once: true });
  }
}
