/**
 * Capacity: how many jobs may be in flight, over all runs, per region and per run. Of the first two
 * each replica of a fleet has its share.
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
  /** Most of them that this process can have in flight. Default: no such limit. */
  readonly maxInFlightHere?: number;
  /** Most jobs in flight in one region, over all runs. */
  readonly maxInFlightPerRegion?: number;
  /** Jobs of local runs that can be executed at once; absent without local mode. */
  readonly localHosts?: number;
}

export interface RunPermits {
  /** A permit for one job if all it needs is free now. */
  tryAcquire(region: string | undefined): Disposable | undefined;
  /** A permit for one job; undefined once the signal has aborted. Dispose to release it. */
  acquire(region: string | undefined, signal: AbortSignal): Promise<Disposable | undefined>;
}

export class Capacity {
  readonly #all: Semaphore;
  /** A local job must not count as started while it waits for a host. */
  readonly #local: Semaphore;
  readonly #limits: CapacityLimits;
  readonly #regions = new Map<string, Semaphore>();
  #replicas = 1;

  constructor(limits: CapacityLimits) {
    this.#limits = limits;
    this.#all = new Semaphore(this.#maxInFlight());
    this.#local = new Semaphore(limits.localHosts ?? Infinity);
  }

  /** Makes the limits those of one replica of so many: an equal share, at least 1. */
  share(replicas: number): void {
    this.#replicas = replicas;
    this.#all.resize(this.#maxInFlight());
    for (const region of this.#regions.values()) region.resize(this.#maxInRegion());
  }

  /** Grants nothing more until the next `share`; what is in flight keeps its permits. */
  pause(): void {
    this.#all.resize(0);
  }

  #maxInFlight(): number {
    const { maxInFlight, maxInFlightHere = Infinity } = this.#limits;
    return Math.min(shareOf(maxInFlight, this.#replicas), maxInFlightHere);
  }

  #maxInRegion(): number {
    return shareOf(this.#limits.maxInFlightPerRegion ?? Infinity, this.#replicas);
  }

  /** Whether a region of the run can be full while others are not. Local runs use none. */
  limitsRegions({ mode }: Pick<StoredRun, "mode">): boolean {
    return this.#limits.maxInFlightPerRegion !== undefined && mode === "remote";
  }

  /** Permits within the run's own `concurrency`, a sliding window. */
  forRun(run: Pick<StoredRun, "concurrency" | "mode">): RunPermits {
    const window = new Semaphore(run.concurrency ?? Infinity);
    const regional = this.limitsRegions(run);
    const placeOf = (region: string | undefined): Semaphore | undefined =>
      run.mode === "local" ? this.#local : regional ? this.#region(region) : undefined;
    return {
      tryAcquire: (region) => tryAll([window, placeOf(region), this.#all]),
      acquire: async (region, signal) => {
        const permits: Disposable[] = [];
        const place = placeOf(region);
        try {
          if (place) permits.push(...(await acquireBoth([window, place], signal)));
          else permits.push(window.tryAcquire() ?? (await window.acquire(signal)));
          permits.push(this.#all.tryAcquire() ?? (await this.#all.acquire(signal)));
          if (!signal.aborted) return new Permits(permits);
        } catch (error) {
          new Permits(permits)[Symbol.dispose]();
          if (!signal.aborted) throw error;
          return undefined;
        }
        new Permits(permits)[Symbol.dispose]();
        return undefined;
      },
    };
  }

  #region(region: string | undefined): Semaphore | undefined {
    if (region === undefined) return undefined;
    const known = this.#regions.get(region);
    if (known) return known;
    const limit = new Semaphore(this.#maxInRegion());
    this.#regions.set(region, limit);
    return limit;
  }
}

function shareOf(limit: number, replicas: number): number {
  return limit === Infinity ? Infinity : Math.max(1, Math.floor(limit / replicas));
}

/** Several permits held as one. */
class Permits implements Disposable {
  readonly #held: readonly Disposable[];

  constructor(held: readonly Disposable[]) {
    this.#held = held;
  }

  [Symbol.dispose](): void {
    for (const permit of this.#held) permit[Symbol.dispose]();
  }
}

/** A permit of each, or of none. */
function tryAll(limits: readonly (Semaphore | undefined)[]): Disposable | undefined {
  const held: Disposable[] = [];
  for (const limit of limits) {
    if (!limit) continue;
    const permit = limit.tryAcquire();
    if (!permit) {
      new Permits(held)[Symbol.dispose]();
      return undefined;
    }
    held.push(permit);
  }
  return new Permits(held);
}

/** A permit of each, both at the same moment. */
async function acquireBoth(
  pair: readonly [Semaphore, Semaphore],
  signal: AbortSignal,
): Promise<[Disposable, Disposable]> {
  // Waits next for the one that was full.
  for (let [awaited, other] = pair; ; [awaited, other] = [other, awaited]) {
    const one = await awaited.acquire(signal);
    const both = other.tryAcquire();
    if (both) return [one, both];
    one[Symbol.dispose]();
  }
}
