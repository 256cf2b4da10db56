/**
 * The callbacks of a database that replicas share: each replica sends what it claims. What makes a
 * callback due is a trigger, so whatever ends a run cannot forget it.
 */
import type { Callback, CallbackState } from "../../domain/callback.ts";
import { type CallbackRow, type ClaimedRow, toCallback, toClaimed } from "../callback-rows.ts";
import type { CallbackStore, ClaimedCallback, SettledCallback } from "../callbacks.ts";
import type { Client } from "./client.ts";
import { storableOrNull } from "./rows.ts";

const BIGINTS = ["key", "due_since", "next_at", "last_at"] as const;

export class PostgresCallbacks implements CallbackStore {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async claim(
    now: number,
    leaseMs: number,
    busy: readonly string[],
  ): Promise<ClaimedCallback | undefined> {
    const rows = await this.#client.query(
      (sql) => sql`
        UPDATE callbacks
        SET attempts = attempts + 1, last_at = ${now}::bigint,
          next_at = ${now + leaseMs}::bigint
        WHERE key = (
          SELECT key FROM callbacks
          WHERE state = 'pending' AND next_at <= ${now}::bigint
            AND receiver NOT IN (SELECT json_array_elements_text(${json(busy)}::text::json))
          ORDER BY next_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
        )
        RETURNING *, (SELECT run_id FROM runs WHERE runs.key = callbacks.run) AS run_id`,
    );
    const [row] = numbers<ClaimedRow>(rows);
    return row && toClaimed(row);
  }

  async nextDue(busy: readonly string[]): Promise<number | undefined> {
    const [row] = (await this.#client.query(
      (sql) => sql`
        SELECT next_at FROM callbacks
        WHERE state = 'pending'
          AND receiver NOT IN (SELECT json_array_elements_text(${json(busy)}::text::json))
        ORDER BY next_at LIMIT 1`,
    )) as { next_at: string }[];
    return row && Number(row.next_at);
  }

  async settle(
    { attempts, callbackId, key }: ClaimedCallback,
    settled: SettledCallback,
  ): Promise<void> {
    const { at, error, nextAt = null, state, status = null } = settled;
    // The count of attempts tells one claim from the next, and the id one callback from another that
    // has its key after a fail-over.
    await this.#client.query(
      (sql) => sql`
        UPDATE callbacks
        SET state = ${state}, last_at = ${at}::bigint, last_status = ${status}::int,
          last_error = ${storableOrNull(error)}::text, next_at = ${nextAt}::bigint
        WHERE key = ${key}::bigint AND callback_id = ${callbackId} AND state = 'pending'
          AND attempts = ${attempts}::int`,
    );
  }

  async findCallbacks(runId: string): Promise<Callback[]> {
    return (await this.#rows(runId)).map(toCallback);
  }

  async repeat(runId: string, callbackId: string, now: number): Promise<CallbackState | undefined> {
    const rows = await this.#rows(runId);
    const row = rows.find(({ callback_id }) => callback_id === callbackId);
    if (!row) return undefined;
    await this.#client.query(
      (sql) => sql`
        UPDATE callbacks
        SET state = 'pending', attempts = 0, due_since = ${now}::bigint, next_at = ${now}::bigint
        WHERE key = ${row.key}::bigint AND state NOT IN ('waiting', 'pending')`,
    );
    return row.state;
  }

  /** The URL that the run itself named. */
  async urlOf(run: number): Promise<string | undefined> {
    const [row] = (await this.#client.query(
      (sql) => sql`SELECT url FROM callbacks WHERE run = ${run}::bigint AND url IS NOT NULL`,
    )) as { url: string }[];
    return row?.url;
  }

  async #rows(runId: string): Promise<CallbackRow[]> {
    return numbers<CallbackRow>(
      await this.#client.query(
        (sql) => sql`
          SELECT callbacks.* FROM callbacks JOIN runs ON runs.key = callbacks.run
          WHERE run_id = ${runId} ORDER BY callbacks.key`,
      ),
    );
  }
}

/** The driver hands out every bigint as a string. */
function numbers<Row>(rows: unknown): Row[] {
  return (rows as Record<string, unknown>[]).map((raw) => {
    const row = { ...raw };
    for (const column of BIGINTS) {
      if (typeof row[column] === "string") row[column] = Number(row[column]);
    }
    return row as Row;
  });
}

function json(values: readonly string[]): string {
  return JSON.stringify(values);
}
