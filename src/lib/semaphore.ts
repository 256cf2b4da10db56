/**
 * Counting semaphore with first-in-first-out waiters: at most `permits` holders at any moment.
 *
 * A permit is released by disposing it, so a throwing holder cannot leak one, and disposing it
 * twice releases once. A released permit goes straight to the oldest waiter, so a newcomer can
 * never overtake the queue. The number of permits may change at any time.
 */
export class Semaphore {
  #permits: number;
  #active = 0;
  /** Insertion order is the queue; a waiter that gives up is deleted in constant time. */
  readonly #waiters = new Set<Waiter>();
  /** One listener per signal serves all who wait under it: a run has one signal and many jobs. */
  readonly #abandoning = new WeakMap<AbortSignal, Set<Waiter>>();

  /** `permits`: an integer from 1, or Infinity for no limit. Throws RangeError otherwise. */
  constructor(permits: number) {
    if (permits !== Infinity && (!Number.isSafeInteger(permits) || permits < 1)) {
      throw new RangeError(`A semaphore needs at least one permit, not ${permits}.`);
    }
    this.#permits = permits;
  }

  /** How many permits are held now. */
  get active(): number {
    return this.#active;
  }

  /** How many callers wait for a permit now. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Changes the number of permits; 0 grants none. Who holds one beyond it keeps it until it is
   * released.
   */
  resize(permits: number): void {
    if (permits !== Infinity && (!Number.isSafeInteger(permits) || permits < 0)) {
      throw new RangeError(`A semaphore cannot have ${permits} permits.`);
    }
    this.#permits = permits;
    while (this.#active < this.#permits && this.#waiters.size > 0) this.#grantOldest();
  }

  /** A permit if one is free and nobody waits, else undefined. */
  tryAcquire(): Disposable | undefined {
    if (this.#active >= this.#permits || this.#waiters.size > 0) return undefined;
    this.#active++;
    return this.#permit();
  }

  /** Waits for a permit. Rejects with the signal's reason if it aborts first. */
  acquire(signal?: AbortSignal): Promise<Disposable> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const free = this.tryAcquire();
    if (free) return Promise.resolve(free);
    const { promise, reject, resolve } = Promise.withResolvers<Disposable>();
    const waiter: Waiter = { grant: resolve, abandon: reject, signal };
    this.#waiters.add(waiter);
    if (signal) this.#abandonedBy(signal).add(waiter);
    return promise;
  }

  /** Those who wait under a signal; they give up when it aborts. */
  #abandonedBy(signal: AbortSignal): Set<Waiter> {
    const known = this.#abandoning.get(signal);
    if (known) return known;
    const waiters = new Set<Waiter>();
    this.#abandoning.set(signal, waiters);
    const abandon = (): void => {
      for (const waiter of waiters) {
        this.#waiters.delete(waiter);
        waiter.abandon(signal.reason);
      }
      waiters.clear();
    };
    signal.addEventListener("abort", abandon, { once: true });
    return waiters;
  }

  #permit(): Disposable {
    return new Permit(this.#releaseOne);
  }

  readonly #releaseOne = (): void => {
    this.#active--;
    if (this.#active < this.#permits) this.#grantOldest();
  };

  #grantOldest(): void {
    const [next] = this.#waiters;
    if (!next) return;
    this.#waiters.delete(next);
    if (next.signal) this.#abandoning.get(next.signal)?.delete(next);
    this.#active++;
    next.grant(this.#permit());
  }
}

interface Waiter {
  readonly grant: (permit: Disposable) => void;
  readonly abandon: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
}

class Permit implements Disposable {
  #release: (() => void) | undefined;

  constructor(release: () => void) {
    this.#release = release;
  }

  [Symbol.dispose](): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }
}
