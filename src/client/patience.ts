/**
 * Patience: how long a client goes on trying while its server is away, at capacity or draining.
 *
 * It counts from the last answer. A server that has never answered and refuses the connection is
 * not waited for: more likely its address is wrong.
 */
import { Refusal, ServerAway } from "./errors.ts";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;

export interface PatienceOptions {
  /** How long to go on without an answer, in milliseconds. */
  readonly limitMs: number;
  /** Told what happened when tries begin to fail, and `undefined` once one succeeds again. */
  readonly onTrouble: (trouble: ServerAway | Refusal | undefined) => void;
}

export class Patience {
  readonly limitMs: number;
  readonly #onTrouble: PatienceOptions["onTrouble"];
  #lastAnswer: number | undefined;
  #troubled = false;

  constructor({ limitMs, onTrouble }: PatienceOptions) {
    this.limitMs = limitMs;
    this.#onTrouble = onTrouble;
  }

  /**
   * The first success of `attempt`, which is repeated while its failure may pass. Rejects with the
   * last failure, or with the signal's reason.
   */
  async until<Value>(attempt: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    const begun = performance.now();
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      signal?.throwIfAborted();
      try {
        const value = await attempt();
        this.answered();
        return value;
      } catch (error) {
        if (!this.#mayPass(error)) throw error;
        const waited = performance.now() - Math.max(begun, this.#lastAnswer ?? 0);
        const wait = Math.max(jittered(pause), (error as Refusal).retryAfterMs ?? 0);
        if (waited + wait > this.limitMs) throw error;
        this.#trouble(error as ServerAway | Refusal);
        await sleep(wait, signal);
      }
    }
  }

  /** Says that the server has just been heard. */
  answered(): void {
    this.#lastAnswer = performance.now();
    if (this.#troubled) this.#onTrouble(undefined);
    this.#troubled = false;
  }

  #mayPass(error: unknown): boolean {
    if (error instanceof ServerAway) return !(error.unsent && this.#lastAnswer === undefined);
    return error instanceof Refusal && error.retryAfterMs !== undefined;
  }

  #trouble(error: ServerAway | Refusal): void {
    if (!this.#troubled) this.#onTrouble(error);
    this.#troubled = true;
  }
}

/** Many clients of a server that comes back must not come back at the same moment. */
function jittered(ms: number): number {
  return ms * (0.75 + Math.random() / 2);
}

/** Resolves after `ms` milliseconds; rejects with the signal's reason if it aborts first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, reject, resolve } = Promise.withResolvers<void>();
  const abort = (): void => reject(signal?.reason);
  const timer = setTimeout(resolve, ms);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  });
}
