/**
 * Counting semaphore with first-in-first-out waiters: at most `permits` holders at any moment.
 *
 * A permit is released by disposing it, so a throwing holder cannot leak one, and disposing it
 * twice releases once. A released permit goes straight to the oldest waiter, so a newcomer can
 * never overtake the queue.
 */
export class Semaphore {
  readonly #permits: number;
  #active = 0;
  /** Insertion order is the queue; a waiter that gives up deletes itself in constant time. */
  readonly #waiters = new Set<() => void>();

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
    return new Promise((resolve, reject) => {
      const grant = (): void => {
        signal?.removeEventListener("abort", abandon);
        resolve(this.#permit());
      };
      const abandon = (): void => {
        this.#waiters.delete(grant);
        reject(signal?.reason);
      };
      this.#waiters.add(grant);
      signal?.addEventListener("abort", abandon, { once: true });
    });
  }

  #permit(): Disposable {
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#release();
      },
    };
  }

  #release(): void {
    const [next] = this.#waiters;
    if (!next) {
      this.#active--;
      return;
    }
    this.#waiters.delete(next);
    next();
  }
}
