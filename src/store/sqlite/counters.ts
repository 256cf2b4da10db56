/**
 * RunCounters: changes of run counters within one transaction, added up so that each run's row is
 * written once per commit and not once per job.
 */
import type { Moment } from "../store.ts";
import type { Statements } from "./statements.ts";

const COLUMNS = [
  "queued_jobs",
  "running_jobs",
  "completed_jobs",
  "failed_jobs",
  "timed_out_jobs",
  "cancelled_jobs",
  "passed",
  "failed",
  "errored",
  "expected",
  "unexpected",
] as const;

export type CounterChange = { readonly [Column in (typeof COLUMNS)[number]]?: number };

interface Pending {
  readonly change: Record<(typeof COLUMNS)[number], number>;
  at: number;
  event: number;
}

export class RunCounters {
  readonly #update: Statements["addToCounters"];
  readonly #pending = new Map<number, Pending>();

  constructor(update: Statements["addToCounters"]) {
    this.#update = update;
  }

  /** Adds to the counters of a run. */
  add(run: number, { at, event }: Moment, change: CounterChange): void {
    let pending = this.#pending.get(run);
    if (!pending) this.#pending.set(run, (pending = { change: zero(), at, event }));
    pending.at = Math.max(pending.at, at);
    pending.event = Math.max(pending.event, event);
    for (const column of COLUMNS) pending.change[column] += change[column] ?? 0;
  }

  /** Writes what was added. Call inside the transaction, after its other writes. */
  flush(): void {
    for (const [key, { change, ...moment }] of this.#pending) {
      this.#update.run({ key, ...moment, ...change });
    }
    this.#pending.clear();
  }

  clear(): void {
    this.#pending.clear();
  }
}

function zero(): Pending["change"] {
  return Object.fromEntries(COLUMNS.map((column) => [column, 0])) as Pending["change"];
}
