/**
 * The embedded store's callbacks: a table beside the runs, written by the same writer.
 *
 * What makes a callback due is a trigger, so whatever ends a run cannot forget it.
 */
import type { Database } from "bun:sqlite";

import type { Callback, CallbackState } from "../../domain/callback.ts";
import { present } from "../../lib/present.ts";
import { type CallbackRow, type ClaimedRow, toCallback, toClaimed } from "../callback-rows.ts";
import type { CallbackStore, ClaimedCallback, NewCallback, SettledCallback } from "../callbacks.ts";
import { type RunRow, toRunSettings } from "../rows.ts";
import type { RunSettings } from "../store.ts";
import { type GroupCommit, read } from "./group-commit.ts";
import { preparedLater } from "./prepared-later.ts";

export function prepareCallbackStatements(database: Database) {
  const db = preparedLater(database);
  return {
    insertCallback: db.prepare<
      never,
      [run: number, callbackId: string, url: string | null, receiver: string]
    >("INSERT INTO callbacks (run, callback_id, url, receiver) VALUES (?, ?, ?, ?)"),

    claimCallback: db.prepare<ClaimedRow, [now: number, next: number, busy: string]>(`
      UPDATE callbacks SET attempts = attempts + 1, last_at = ?1, next_at = ?2
      WHERE key = (
        SELECT key FROM callbacks
        WHERE state = 'pending' AND next_at <= ?1
          AND receiver NOT IN (SELECT value FROM json_each(?3))
        ORDER BY next_at LIMIT 1
      )
      RETURNING *, (SELECT run_id FROM runs WHERE runs.key = callbacks.run) AS run_id`),

    nextCallback: db.prepare<{ next_at: number }, [busy: string]>(`
      SELECT next_at FROM callbacks
      WHERE state = 'pending' AND receiver NOT IN (SELECT value FROM json_each(?))
      ORDER BY next_at LIMIT 1`),

    // The count of attempts tells one claim from the next.
    settleCallback: db.prepare<never, [Record<string, string | number | null>]>(`
      UPDATE callbacks
      SET state = $state, last_at = $at, last_status = $status, last_error = $error,
        next_at = $nextAt
      WHERE key = $key AND state = 'pending' AND attempts = $attempts`),

    findCallbacks: db.prepare<CallbackRow, [runId: string]>(`
      SELECT * FROM callbacks
      WHERE run = (SELECT key FROM runs WHERE run_id = ?) ORDER BY key`),

    findCallbackUrl: db.prepare<{ url: string }, [run: number]>(
      "SELECT url FROM callbacks WHERE run = ? AND url IS NOT NULL",
    ),

    repeatCallback: db.prepare<never, [now: number, key: number]>(`
      UPDATE callbacks SET state = 'pending', attempts = 0, due_since = ?1, next_at = ?1
      WHERE key = ?2 AND state NOT IN ('waiting', 'pending')`),
  };
}

export class SqliteCallbacks implements CallbackStore {
  readonly #sql: ReturnType<typeof prepareCallbackStatements>;
  readonly #commits: GroupCommit;

  constructor(db: Database, commits: GroupCommit) {
    this.#sql = prepareCallbackStatements(db);
    this.#commits = commits;
  }

  /** To be called in the transaction that inserts the run with this key. */
  insert(run: number, callbacks: readonly NewCallback[]): void {
    for (const { callbackId, url = null } of callbacks) {
      const receiver = url === null ? "" : new URL(url).host;
      this.#sql.insertCallback.run(run, callbackId, url, receiver);
    }
  }

  /** What a run was submitted with, its own callback URL included. */
  readonly settings = (row: RunRow): RunSettings => {
    const found = this.#sql.findCallbackUrl.get(row.key);
    return { ...toRunSettings(row), ...present({ callbackUrl: found?.url }) };
  };

  claim(
    now: number,
    leaseMs: number,
    busy: readonly string[],
  ): Promise<ClaimedCallback | undefined> {
    return this.#commits.write("progress", () => {
      const row = this.#sql.claimCallback.get(now, now + leaseMs, JSON.stringify(busy));
      return row === null ? undefined : toClaimed(row);
    });
  }

  nextDue(busy: readonly string[]): Promise<number | undefined> {
    return read(() => this.#sql.nextCallback.get(JSON.stringify(busy))?.next_at);
  }

  settle({ attempts, key }: ClaimedCallback, settled: SettledCallback): Promise<void> {
    const { at, error = null, nextAt = null, state, status = null } = settled;
    return this.#commits.write("progress", () => {
      this.#sql.settleCallback.run({ key, attempts, state, at, status, error, nextAt });
    });
  }

  findCallbacks(runId: string): Promise<Callback[]> {
    return read(() => this.#sql.findCallbacks.all(runId).map(toCallback));
  }

  repeat(runId: string, callbackId: string, now: number): Promise<CallbackState | undefined> {
    return this.#commits.write("durable", () => {
      const rows = this.#sql.findCallbacks.all(runId);
      const row = rows.find(({ callback_id }) => callback_id === callbackId);
      if (row) this.#sql.repeatCallback.run(now, row.key);
      return row?.state;
    });
  }

  /** A live statement would keep the database open. */
  finalize(): void {
    for (const statement of Object.values(this.#sql)) statement.finalize();
  }
}
