/** RunStop: whether jobs of one run may start, and those in flight go on; and why not. */
import { DealtAbort } from "../lib/dealt-abort.ts";
import type { StopReason } from "./outcome.ts";

export class RunStop {
  readonly #starting = new AbortController();
  readonly #dispatching = new DealtAbort();
  #reason: StopReason | undefined;

  /** Aborts when no further job may start. */
  get starting(): AbortSignal {
    return this.#starting.signal;
  }

  /** A signal for one dispatch: it aborts when those in flight must end, too. */
  dispatching(): AbortSignal {
    return this.#dispatching.signal();
  }

  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** Nothing more starts; dispatches in flight go on. */
  drain(): void {
    this.#starting.abort();
  }

  /**
   * Nothing more starts, and what is in flight is aborted. The first reason stands, unless the run
   * was lost: then nothing more may be written of it.
   */
  stop(reason: StopReason): void {
    if (reason === "lost") this.#reason = reason;
    this.#reason ??= reason;
    this.#starting.abort();
    this.#dispatching.abort();
  }
}
