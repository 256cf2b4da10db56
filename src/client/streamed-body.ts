/** Bodies that arrive as they are written: read until they end, break, or nobody wants them. */
import { transportFailure } from "./exchange.ts";

/** A server sends a heartbeat every 15 seconds; a stream silent for longer than this is dead. */
const SILENCE_LIMIT_MS = 40_000;

/** The chunks of a body until it ends or the signal aborts; a carrier may not know of signals. */
export async function* chunks(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), aborted.promise]);
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw transportFailure(error);
  } finally {
    signal.removeEventListener("abort", abort);
    // A connection that is already broken rejects this.
    await reader.cancel().catch(() => {});
  }
}

/** A signal that aborts, as a time limit does, once nothing was heard for so long. */
export class Silence implements Disposable {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.broken();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  broken(): void {
    clearTimeout(this.#timer);
    const silent = new DOMException("Nothing was heard.", "TimeoutError");
    this.#timer = setTimeout(() => this.#controller.abort(silent), SILENCE_LIMIT_MS);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
