/**
 * Pace: how far the starts of jobs run ahead of their answers.
 *
 * A quick endpoint answers as fast as jobs can be started for it: more of them at once gain nothing,
 * and cost, because Bun keeps 64 idle connections and opens a new one for each request beyond. So
 * past that many unanswered dispatches the next start waits for answers, but not for long: an
 * endpoint that takes its time gets as many jobs as the limits allow.
 */
import type { Clock } from "../lib/clock.ts";
import { firstAborted } from "../lib/first-aborted.ts";
import { nextTurn } from "../lib/turn.ts";

/** Dispatches without an answer that starts run ahead by. */
const AHEAD = 64;
/** So few of them are left when the next start has waited for answers. */
const LEFT = 32;
/** An endpoint that has not answered by then is not a quick one. */
const PATIENCE_MS = 2;

/** Dispatches begun at about the same time; disposed once for each that is answered. */
class Wave implements Disposable {
  unanswered = 0;
  #ebbed = new AbortController();

  [Symbol.dispose](): void {
    if (--this.unanswered === LEFT) this.#ebbed.abort();
  }

  /** Aborts when few of them are left. */
  ebbs(): AbortSignal {
    if (this.#ebbed.signal.aborted) this.#ebbed = new AbortController();
    return this.#ebbed.signal;
  }
}

export class Pace {
  readonly #clock: Pick<Clock, "deadline">;
  #wave = new Wave();

  constructor(clock: Pick<Clock, "deadline">) {
    this.#clock = clock;
  }

  /** A dispatch begins; to be disposed when it is answered. */
  dispatch(): Disposable {
    this.#wave.unanswered++;
    return this.#wave;
  }

  /** Resolves in the next turn of the event loop, or soon after it. */
  async next(stopped: AbortSignal): Promise<void> {
    await nextTurn();
    const wave = this.#wave;
    if (wave.unanswered < AHEAD) return;
    await firstAborted(wave.ebbs(), this.#clock.deadline(PATIENCE_MS), stopped);
    // Those that take their time are no longer waited for.
    if (wave.unanswered > LEFT && wave === this.#wave) this.#wave = new Wave();
  }
}
