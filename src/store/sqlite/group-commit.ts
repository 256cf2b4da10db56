/**
 * GroupCommit: the one writer of the database. Writes that arrive within a tick share a
 * transaction, and each promise settles only after the commit it depends on.
 *
 * One durable write makes the whole group wait for the disk (`synchronous=FULL`); a group of mere
 * progress does not, unless told to, and a power cut (not a crash of the process) may then undo it.
 */
import type { Database, Statement } from "bun:sqlite";

import { AppError } from "../../domain/errors.ts";

export type Durability = "durable" | "progress";

interface Write {
  readonly apply: () => unknown;
  readonly durability: Durability;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

export interface CommitOptions {
  /** Runs inside each transaction, last. */
  readonly beforeCommit: () => void;
  /** Forgets what `beforeCommit` would have done. */
  readonly afterRollback: () => void;
  /** Told how long each commit took, in milliseconds. */
  readonly committed?: (ms: number) => void;
  /** Whether mere progress waits for the disk as well. Default `normal`: it does not. */
  readonly synchronous?: "normal" | "full";
}

export class GroupCommit {
  readonly #db: Database;
  readonly #begin: Statement;
  readonly #end: Statement;
  readonly #options: CommitOptions;
  #queue: Write[] = [];
  #scheduled = false;
  #closed = false;
  #synchronous: Durability = "durable";

  constructor(db: Database, options: CommitOptions) {
    this.#db = db;
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#end = db.prepare("COMMIT");
    this.#options = options;
  }

  /**
   * Runs `apply` in the next transaction. It must be synchronous: the transaction ends with the
   * tick. Rejects with `store_unavailable` when the database refused, and nothing was written.
   */
  write<T>(durability: Durability, apply: () => T): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new AppError("store_unavailable", "The run store is closed."));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ apply, durability, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  /** Commits what is queued and accepts nothing more. */
  close(): void {
    this.#closed = true;
    this.#flush();
    this.#begin.finalize();
    this.#end.finalize();
  }

  #flush(): void {
    this.#scheduled = false;
    const group = this.#queue;
    if (group.length === 0) return;
    this.#queue = [];
    if (this.#commit(group) || group.length === 1) return;
    // One write spoils a group only for itself: each gets a transaction of its own.
    for (const write of group) this.#commit([write]);
  }

  /** Whether the group is settled; a failed group of several is left for single attempts. */
  #commit(group: readonly Write[]): boolean {
    const values: unknown[] = [];
    const begun = performance.now();
    try {
      const durable =
        this.#options.synchronous === "full" ||
        group.some(({ durability }) => durability === "durable");
      this.#setSynchronous(durable ? "durable" : "progress");
      this.#begin.run();
      for (const { apply } of group) values.push(apply());
      this.#options.beforeCommit();
      this.#end.run();
    } catch (error) {
      this.#options.afterRollback();
      if (this.#db.inTransaction) this.#db.run("ROLLBACK");
      if (group.length > 1) return false;
      group[0]?.reject(storeError(error));
      return true;
    }
    this.#options.committed?.(performance.now() - begun);
    for (const [index, { resolve }] of group.entries()) resolve(values[index] as never);
    return true;
  }

  #setSynchronous(level: Durability): void {
    if (this.#synchronous === level) return;
    this.#db.run(`PRAGMA synchronous = ${level === "durable" ? "FULL" : "NORMAL"}`);
    this.#synchronous = level;
  }
}

/** Codes that blame the statement, not the disk: trying again would not help. */
const DEFECTS = /^SQLITE_(CONSTRAINT|ERROR|MISMATCH|MISUSE|RANGE|SCHEMA|TOOBIG)/;

/** What SQLite cannot do now is `store_unavailable`; a defect of ours stays what it is. */
export function storeError(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== "string" || !code.startsWith("SQLITE_") || DEFECTS.test(code)) return error;
  const full = code === "SQLITE_FULL";
  const message = full ? "The run store is full." : "The run store cannot be used now.";
  return new AppError("store_unavailable", message, { cause: error });
}

/** A read as a promise, whose rejection is told like that of a write. */
export async function read<T>(query: () => T): Promise<T> {
  try {
    return query();
  } catch (error) {
    throw storeError(error);
  }
}
