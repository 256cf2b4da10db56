/**
 * Deliveries: takes callbacks that are due from the store and sends them, a few at a time, until
 * each is settled.
 *
 * A claim is a lease that outlasts an attempt: what a killed process was sending is sent again. A
 * receiver that is slow holds its own callbacks up, and no others.
 */
import { callbackBody } from "../domain/callback.ts";
import { systemClock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { present } from "../lib/present.ts";
import { Trouble } from "../lib/trouble.ts";
import type { CallbackStore, ClaimedCallback, SettledCallback } from "../store/callbacks.ts";
import type { RunStore } from "../store/store.ts";
import { nextAttempt } from "./backoff.ts";
import { type Message, SEND_LIMIT_MS, type Sent } from "./send.ts";

/** Within what is kept free of the process's requests. */
const MAX_IN_FLIGHT = 8;
const MAX_PER_RECEIVER = 2;
const LEASE_MS = SEND_LIMIT_MS + 5_000;
/** Between two looks, in milliseconds: others may write to the store. */
const LOOK_MS = 30_000;
const STORE_RETRY_MS = 1_000;

export interface DeliveriesOptions {
  readonly store: CallbackStore;
  readonly runs: Pick<RunStore, "findRun">;
  /** Sends to the URL of a run, or, without one, to that of the configuration. */
  readonly send: (message: Outgoing, stopped: AbortSignal) => Promise<Sent>;
  /** Whether a run is news for the URL of the configuration; without it every run is. */
  readonly changed?: (runId: string) => Promise<boolean>;
  /** Path of the API, as in the URLs of runs. */
  readonly basePath: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Told of each attempt how it ended. */
  readonly settled: (state: SettledCallback["state"]) => void;
}

export type Outgoing = Omit<Message, "url"> & { readonly url?: string };

export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #stop = new AbortController();
  /** Aborts what is being sent. */
  readonly #abandon = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  /** Attempts in progress by receiver. */
  readonly #calls = new Map<string, number>();
  #woken = Promise.withResolvers<void>();
  #driving: Promise<void> | undefined;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** Begins to deliver. Call once. */
  start(): void {
    this.#driving = this.#drive();
  }

  /** A callback may have become due. */
  wake(): void {
    this.#woken.resolve();
  }

  /** Begins nothing more; what is being sent may end for `graceMs` milliseconds. */
  async close(graceMs: number): Promise<void> {
    this.#stop.abort();
    this.wake();
    await this.#driving;
    const limit = setTimeout(() => this.#abandon.abort(), graceMs);
    await Promise.all(this.#inFlight);
    clearTimeout(limit);
  }

  async #drive(): Promise<void> {
    const { log, now, store } = this.#options;
    const trouble = new Trouble({
      log,
      clock: systemClock,
      message: "callbacks cannot be read; trying again",
      over: "callbacks can be read again",
    });
    while (!this.#stop.signal.aborted) {
      // Before the look, so that nothing that happens during it is missed.
      this.#woken = Promise.withResolvers();
      const { promise } = this.#woken;
      try {
        if (this.#inFlight.size >= MAX_IN_FLIGHT) {
          await promise;
          continue;
        }
        const callback = await store.claim(now(), LEASE_MS, this.#busy());
        trouble.passed();
        if (callback) {
          this.#launch(callback);
          continue;
        }
        const due = await store.nextDue(this.#busy());
        await within(promise, Math.min(LOOK_MS, Math.max(0, (due ?? Infinity) - now())));
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        trouble.met(error);
        await within(promise, STORE_RETRY_MS);
      }
    }
  }

  #busy(): string[] {
    return [...this.#calls].flatMap(([receiver, calls]) =>
      calls >= MAX_PER_RECEIVER ? receiver : [],
    );
  }

  #launch(callback: ClaimedCallback): void {
    const { receiver } = callback;
    this.#count(receiver, 1);
    const done = this.#deliver(callback)
      .catch((error: unknown) => {
        // Its lease runs out, and it is tried again.
        const { callbackId, runId } = callback;
        this.#options.log.error("callback not settled", { runId, callbackId, error });
      })
      .finally(() => {
        this.#inFlight.delete(done);
        this.#count(receiver, -1);
        this.wake();
      });
    this.#inFlight.add(done);
  }

  #count(receiver: string, by: number): void {
    const calls = (this.#calls.get(receiver) ?? 0) + by;
    if (calls === 0) this.#calls.delete(receiver);
    else this.#calls.set(receiver, calls);
  }

  async #deliver(callback: ClaimedCallback): Promise<void> {
    const { basePath, changed, now, runs, send, store } = this.#options;
    const { attempts, callbackId, runId, url } = callback;
    const run = await runs.findRun(runId);
    // Deleted meanwhile, and the callback with it.
    if (!run) return;
    if (url === undefined && changed && !(await changed(runId))) {
      return store.settle(callback, { state: "skipped", at: now() });
    }
    const body = callbackBody(run, `${basePath}/${runId}`);
    const message = { id: callbackId, body, earlier: attempts - 1, ...present({ url }) };
    const settled = this.#judge(callback, await send(message, this.#abandon.signal));
    await store.settle(callback, settled);
    this.#tell(callback, settled);
  }

  #judge(callback: ClaimedCallback, sent: Sent): SettledCallback {
    const { now, random } = this.#options;
    const at = now();
    if (sent.state === "delivered") return { state: "delivered", at, status: sent.status };
    const { afterMs, error, status } = sent;
    if (this.#abandon.signal.aborted) {
      return { state: "pending", at, error: "The server stopped meanwhile.", nextAt: at };
    }
    const known = { at, error, ...present({ status }) };
    if (sent.final) return { state: sent.state, ...known };
    const nextAt = nextAttempt({ ...callback, now: at, ...present({ afterMs }) }, random);
    return nextAt === undefined
      ? { state: "failed", ...known }
      : { state: "pending", ...known, nextAt };
  }

  #tell({ attempts, callbackId, runId }: ClaimedCallback, settled: SettledCallback): void {
    const { error, state } = settled;
    this.#options.settled(state);
    const { log } = this.#options;
    if (state === "delivered") return log.info("callback delivered", { runId, callbackId });
    const outcome = state === "pending" ? "callback not delivered yet" : "callback given up";
    log.warn(outcome, { runId, callbackId, attempts, reason: error });
  }
}

/** Resolves with the promise, at the latest after `ms` milliseconds. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
