/**
 * CallbackStore: the contract for keeping callbacks, beside the one for runs.
 *
 * A callback is written with its run and becomes due in the transaction that ends the run, so no
 * crash loses one. Methods reject with AppError `store_unavailable` when nothing was written.
 */
import type { Callback, CallbackState } from "../domain/callback.ts";

export interface NewCallback {
  readonly callbackId: string;
  /** Where to; the URL of the configuration if absent. */
  readonly url?: string;
}

/** A callback that is being tried. `key` is the store's own handle. */
export interface ClaimedCallback {
  readonly key: number;
  readonly callbackId: string;
  readonly runId: string;
  readonly url?: string;
  /** Host and port of `url`, "" for that of the configuration: who is called too much waits. */
  readonly receiver: string;
  /** With this one. */
  readonly attempts: number;
  /** When it became due, or was asked for once more, in milliseconds since the epoch. */
  readonly dueSince: number;
}

/** How an attempt ended. */
export interface SettledCallback {
  readonly state: Exclude<CallbackState, "waiting">;
  readonly at: number;
  readonly status?: number;
  readonly error?: string;
  /** The next attempt, if the state is `pending`. */
  readonly nextAt?: number;
}

export interface CallbackStore {
  /**
   * Takes the callback that is due for the longest time, of a receiver that is not `busy`; it is due
   * again after `leaseMs`, should nobody settle it.
   */
  claim(
    now: number,
    leaseMs: number,
    busy: readonly string[],
  ): Promise<ClaimedCallback | undefined>;
  /** When the next one is due whose receiver is not `busy`. */
  nextDue(busy: readonly string[]): Promise<number | undefined>;
  /** Does nothing if the claim has passed to somebody else. */
  settle(callback: ClaimedCallback, settled: SettledCallback): Promise<void>;
  /** Callbacks of a run; none of an unknown run. */
  findCallbacks(runId: string): Promise<Callback[]>;
  /** Makes one that was settled for good due once more; resolves with its state before. */
  repeat(runId: string, callbackId: string, now: number): Promise<CallbackState | undefined>;
}
