/**
 * Capacity: how many jobs may be in flight, over all runs, per region and per run.
 *
 * A job holds one permit of each limit that applies to it. It waits for one of run and region
 * without holding the other, so that a full region holds up neither the other regions of its run
 * nor other runs; the limit of all comes last.
 */
import { Semaphore } from "../lib/semaphore.ts";
import type { StoredRun } from "../store/store.ts";

export interface CapacityLimits {
  /** Most jobs in flight over all runs. */
  readonly maxInFlight: number;
  /** Most jobs in flight in one region, over all runs. */
  readonly maxInFlightPerRegion?: number;
  /** Jobs of local runs that can be executed at once; absent without local mode. */
  readonly localHosts?: number;
}

export interface RunPermits {
  /** A permit for one job; undefined once the signal has aborted. Dispose to release it. */
  acquire(region: string | undefined, signal: AbortSignal): Promise<Disposable | undefined>;
}

export class Capacity {
  readonly #all: Semaphore;
  /** A local job must not count as started while it waits for a host. */
  readonly #local: Semaphore;
  readonly #perRegion: number | undefined;
  readonly #regions = new Map<string, Semaphore>();

  constructor({ localHosts, maxInFlight, maxInFlightPerRegion }: CapacityLimits) {
    this.#all = new Semaphore(maxInFlight);
    this.#local = new Semaphore(localHosts ?? Infinity);
    this.#perRegion = maxInFlightPerRegion;
  }

  /** Whether a region of the run can be full while others are not. Local runs use none. */
  limitsRegions({ mode }: Pick<StoredRun, "mode">): boolean {
    return this.#perRegion !== undefined && mode === "remote";
  }

  /** Permits within the run's own `concurrency`, a sliding window. */
  forRun(run: Pick<StoredRun, "concurrency" | "mode">): RunPermits {
    const window = new Semaphore(run.concurrency ?? Infinity);
    const regional = this.limitsRegions(run);
    const placeOf = (region: string | undefined): Semaphore | undefined =>
      run.mode === "local" ? this.#local : regional ? this.#region(region) : undefined;
    return {
      acquire: async (region, signal) => {
        const permits = new DisposableStack();
        const place = placeOf(region);
        try {
          if (place) await acquireBoth([window, place], permits, signal);
          else permits.use(window.tryAcquire() ?? (await window.acquire(signal)));
          permits.use(this.#all.tryAcquire() ?? (await this.#all.acquire(signal)));
          if (!signal.aborted) return permits;
        } catch (error) {
          permits.dispose();
          if (!signal.aborted) throw error;
        }
        permits.dispose();
        return undefined;
      },
    };
  }

  #region(region: string | undefined): Semaphore | undefined {
    if (region === undefined || this.#perRegion === undefined) return undefined;
    const known = this.#regions.get(region);
    if (known) return known;
    const limit = new Semaphore(this.#perRegion);
    this.#regions.set(region, limit);
    return limit;
  }
}

/** Adds a permit of each to `permits`, both at the same moment. */
async function acquireBoth(
  pair: readonly [Semaphore, Semaphore],
  permits: DisposableStack,
  signal: AbortSignal,
): Promise<void> {
  // Waits next for the one that was full.
  for (let [awaited, other] = pair; ; [awaited, other] = [other, awaited]) {
    const one = await awaited.acquire(signal);
    const both = other.tryAcquire();
    if (both) {
      permits.use(one);
      permits.use(both);
      return;
    }
    one[Symbol.dispose]();
  }
}
