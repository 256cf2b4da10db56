/**
 * One process of a schedule: the orchestrator as `serve` composes it, on an SqliteStore, between a
 * start and a crash. Nothing that happens after the crash reaches the next life.
 */
import type { Database } from "bun:sqlite";

import type { Dispatch } from "../../src/dispatch/dispatch.ts";
import { AppError } from "../../src/domain/errors.ts";
import { silentLog } from "../../src/lib/log.ts";
import { Orchestrator } from "../../src/orchestrator/orchestrator.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { RunStore } from "../../src/store/store.ts";
import type { FakeClock } from "../support/fake-clock.ts";
import type { Random } from "../support/random.ts";
import { Endpoints } from "./endpoints.ts";
import type { Ledger } from "./ledger.ts";
import { REGIONS, RUNNERS } from "./requests.ts";
import type { Settings } from "./settings.ts";

export interface LifeOptions {
  readonly db: Database;
  readonly clock: FakeClock;
  readonly random: Random;
  readonly settings: Settings;
  readonly ledger: Ledger;
  /** Called in the very moment of the crash: what the disk holds now is all that is left. */
  readonly crashed: () => void;
  /** Told what happens, for the trace. */
  readonly traced: (what: string) => void;
}

const HOUR = 3_600_000;
const never = new Promise<never>(() => {});

export class Life {
  readonly db: Database;
  /** The store itself, past every fault. */
  readonly store: SqliteStore;
  readonly orchestrator: Orchestrator;
  readonly endpoints: Endpoints;
  /** Calls of the store are refused until then, by the clock. */
  away = false;
  #dead = false;
  /** Store calls until the crash, and whether it comes before or after the call takes effect. */
  #crash: { calls: number; readonly after: boolean } | undefined;
  readonly #crashed: () => void;

  constructor({ clock, crashed, db, ledger, random, settings, traced }: LifeOptions) {
    this.db = db;
    this.#crashed = crashed;
    this.store = new SqliteStore(db);
    this.endpoints = new Endpoints({ db, clock, random, settings, ledger, traced });
    const dispatch: Dispatch = (job, signal) =>
      this.#dead ? never : this.endpoints.dispatch(job, signal);
    this.orchestrator = new Orchestrator({
      ...settings,
      store: this.#faulty(this.store),
      dispatch: { remote: dispatch, local: dispatch },
      localRunners: async () => new Set(RUNNERS),
      clock,
      log: silentLog,
      random: random.fraction,
      observe: (observation) => {
        if (observation.type === "run.ended" && !this.#dead) traced(`ended ${observation.state}`);
      },
      limits: { regions: new Set(REGIONS), maxRunners: 1_000, maxRunTimeMs: HOUR },
    });
  }

  get dead(): boolean {
    return this.#dead;
  }

  crash(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#crashed();
  }

  /** Crashes at the call of the store after so many others. */
  crashLater(calls: number, after: boolean): void {
    this.#crash ??= { calls, after };
  }

  #faulty(store: RunStore): RunStore {
    return new Proxy(store, {
      get: (target, name) => {
        const method = Reflect.get(target, name, target) as unknown;
        if (typeof method !== "function") return method;
        return (...args: unknown[]) =>
          this.#call(() => Reflect.apply(method, target, args) as Promise<unknown>);
      },
    });
  }

  async #call(call: () => Promise<unknown>): Promise<unknown> {
    if (this.#dead) return never;
    const crash = this.#crash;
    const now = crash !== undefined && crash.calls-- === 0;
    if (now && !crash.after) this.crash();
    if (this.#dead) return never;
    if (this.away) throw new AppError("store_unavailable", "The run store is away.");
    const settled = call();
    const [outcome] = await Promise.allSettled([settled]);
    if (now) this.crash();
    return this.#dead ? never : outcome.status === "fulfilled" ? outcome.value : settled;
  }
}
