/**
 * Ownership: keeps this replica the owner of the runs it executes, and claims those nobody owns.
 *
 * It is sure of its runs until a lease, less a margin, has passed since the last renewal that came
 * back was sent, by its own monotonic clock: the database counts from later. While it is not sure,
 * nothing may be dispatched. A store that nobody shares makes it sure for ever.
 */
import type { Clock } from "../lib/clock.ts";
import { firstAborted } from "../lib/first-aborted.ts";
import type { Log } from "../lib/log.ts";
import { Trouble } from "../lib/trouble.ts";
import type { RunStore, StoredRun } from "../store/store.ts";

/** Runs claimed with one statement. */
const CLAIM_SIZE = 100;
/** Of a lease: between two renewals, between two tries of one, and what is left of it for safety. */
const RENEWALS = 3;
const TRIES = 15;
const MARGIN = 0.1;
/** After a hint, all replicas look for the same runs, spread over so many milliseconds. */
const SPREAD_MS = 250;

export interface OwnershipDeps {
  readonly store: Pick<RunStore, "claim" | "renew" | "sharing">;
  readonly clock: Clock;
  readonly log: Log;
  /** From [0, 1). */
  readonly random: () => number;
  /** The runs executed here now. */
  readonly runs: () => readonly StoredRun[];
  readonly claimed: (run: StoredRun) => void;
  /** The run may be another replica's. */
  readonly lost: (run: StoredRun) => void;
  /** Somebody asked for the run to be cancelled. */
  readonly cancelled: (run: StoredRun) => void;
  /** Called when it becomes sure, with the number of replicas alive, and when it no longer is. */
  readonly sure: (replicas: number | undefined) => void;
}

export class Ownership {
  readonly #deps: OwnershipDeps;
  readonly #renewals: Trouble;
  readonly #claims: Trouble;
  readonly #stopped = new AbortController();
  /** Aborts when there may be runs to claim. */
  #hinted = new AbortController();
  /** On the monotonic clock. */
  #sureUntil: number;
  #regained = Promise.withResolvers<void>();
  #replicas = 1;
  #draining = false;

  constructor(deps: OwnershipDeps) {
    this.#deps = deps;
    this.#renewals = new Trouble({
      ...deps,
      message: "ownership of runs cannot be renewed; trying again",
      over: "ownership of runs renewed again",
    });
    this.#claims = new Trouble({
      ...deps,
      message: "runs cannot be claimed; trying again",
      over: "runs can be claimed again",
    });
    this.#sureUntil = deps.store.sharing ? -Infinity : Infinity;
  }

  /** Replicas that share the store, as last heard. */
  get replicas(): number {
    return this.#replicas;
  }

  /** How long no other replica can own what this one does, in milliseconds. */
  get leftMs(): number {
    return Math.max(0, this.#sureUntil - this.#deps.clock.monotonic());
  }

  get isSure(): boolean {
    return this.leftMs > 0;
  }

  /** Resolves once it is sure, or once `signal` has aborted. */
  async assured(signal: AbortSignal): Promise<void> {
    while (!this.isSure && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve(), { once: true });
      await Promise.race([this.#regained.promise, promise]);
      resolve();
    }
  }

  /**
   * Claims what is unfinished; of a shared store from then on until `stop`. Rejects with
   * `store_unavailable` only where the store is not shared.
   */
  async start(): Promise<void> {
    const { sharing } = this.#deps.store;
    if (!sharing) return this.#claimAll();
    await this.#renew(sharing.leaseMs);
    await this.#tryClaim();
    void this.#renewOn(sharing.leaseMs);
    void this.#claimOn(sharing.pollMs);
  }

  /** Claims nothing more. */
  drain(): void {
    this.#draining = true;
  }

  /** There may be runs to claim. */
  hurry(): void {
    this.#hinted.abort();
  }

  stop(): void {
    this.drain();
    this.#stopped.abort();
  }

  async #renewOn(leaseMs: number): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#stopped;
    for (let renewed = true; ;) {
      await firstAborted(clock.deadline(Math.ceil(leaseMs / (renewed ? RENEWALS : TRIES))), signal);
      if (signal.aborted) return;
      renewed = await this.#renew(leaseMs);
    }
  }

  /** Whether the renewal came back. */
  async #renew(leaseMs: number): Promise<boolean> {
    const { clock, store, ...deps } = this.#deps;
    const sentAt = clock.monotonic();
    try {
      const { cancelled, lost, replicas } = await store.renew(deps.runs());
      for (const run of lost) deps.lost(run);
      for (const run of cancelled) deps.cancelled(run);
      this.#replicas = replicas;
      this.#becomeSure(sentAt + leaseMs * (1 - MARGIN));
      this.#renewals.passed();
      return true;
    } catch (error) {
      this.#renewals.met(error);
      return false;
    }
  }

  #becomeSure(until: number): void {
    const { clock, log, sure } = this.#deps;
    this.#sureUntil = until;
    const left = until - clock.monotonic();
    // It came back so late that it is worth nothing.
    if (left <= 0) return;
    sure(this.#replicas);
    this.#regained.resolve();
    this.#regained = Promise.withResolvers();
    clock.deadline(Math.floor(left)).addEventListener(
      "abort",
      () => {
        if (this.#sureUntil !== until || this.#stopped.signal.aborted) return;
        log.warn("no longer sure to own its runs; nothing is dispatched meanwhile");
        sure(undefined);
      },
      { once: true },
    );
  }

  async #claimOn(pollMs: number): Promise<void> {
    const { clock, random } = this.#deps;
    const { signal } = this.#stopped;
    for (;;) {
      const hinted = (this.#hinted = new AbortController()).signal;
      await firstAborted(clock.deadline(pollMs), hinted, signal);
      if (hinted.aborted) {
        await firstAborted(clock.deadline(Math.floor(random() * SPREAD_MS)), signal);
      }
      if (signal.aborted) return;
      await this.#tryClaim();
    }
  }

  async #tryClaim(): Promise<void> {
    try {
      // One that cannot dispatch leaves the runs to others.
      if (!this.isSure) return;
      await this.#claimAll();
      this.#claims.passed();
    } catch (error) {
      this.#claims.met(error);
    }
  }

  async #claimAll(): Promise<void> {
    const { claimed, log, store } = this.#deps;
    let count = 0;
    for (let found = CLAIM_SIZE; found === CLAIM_SIZE;) {
      if (this.#draining) break;
      const runs = await store.claim(CLAIM_SIZE);
      for (const run of runs) claimed(run);
      found = runs.length;
      count += found;
    }
    if (count > 0) log.info("resuming unfinished runs", { runs: count });
  }
}
