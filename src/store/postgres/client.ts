/**
 * Client: statements to a PostgreSQL database over a pool of connections, each with an end: in time,
 * and told as the store tells it.
 *
 * A statement whose connection was lost is sent once more on another one. So each must be written
 * such that a second time changes nothing if the first took effect.
 */
import type { SQL } from "bun";

import { AppError } from "../../domain/errors.ts";
import { isReadOnly, mayRepeat, NoAnswer, storeError } from "./errors.ts";

/** Connections for statements; one more renews the lease, and one more listens. */
const MAX_CONNECTIONS = 9;
const CONNECT_TIMEOUT_S = 5;
/** Longer than any statement of ours takes, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 20_000;
const ANSWER_TIMEOUT_MS = 25_000;
/** How long connections are used at least that lead to a read-only server, in milliseconds. */
const ABANDON_PAUSE_MS = 2_000;

export interface ClientOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /**
   * Whether a connection is ours alone as long as we keep it. A pooler that hands out connections
   * per transaction keeps neither statements nor settings.
   */
  readonly session: boolean;
  readonly maxConnections?: number;
  /** How long an answer is waited for, in milliseconds. */
  readonly answerWithinMs?: number;
  /** Called when connections were given up: others may be as dead. */
  readonly abandoned?: () => void;
}

export class Client {
  readonly #options: ClientOptions;
  #sql: SQL | undefined;
  #madeAt = -Infinity;
  #closed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /**
   * The answer to a statement. Rejects with `store_unavailable` when the database cannot be used
   * now; whether it took effect is then unknown. `again`: this is the second time.
   */
  async query<Answer>(send: (sql: SQL, again: boolean) => PromiseLike<Answer>): Promise<Answer> {
    if (this.#closed) throw closedError();
    try {
      return await this.#ask((sql) => send(sql, false)).catch((error: unknown) => {
        if (!mayRepeat(error) || error instanceof NoAnswer) throw error;
        return this.#ask((sql) => send(sql, true));
      });
    } catch (error) {
      throw this.#closed ? closedError() : storeError(error);
    }
  }

  async #ask<Answer>(send: (sql: SQL) => PromiseLike<Answer>): Promise<Answer> {
    const { answerWithinMs = ANSWER_TIMEOUT_MS } = this.#options;
    const sql = (this.#sql ??= this.#connect());
    try {
      return await answered(send(sql), answerWithinMs);
    } catch (error) {
      const young = performance.now() - this.#madeAt < ABANDON_PAUSE_MS;
      if (error instanceof NoAnswer || (isReadOnly(error) && !young)) this.#abandon(sql);
      throw error;
    }
  }

  #connect(): SQL {
    const { maxConnections = MAX_CONNECTIONS, session, url } = this.#options;
    this.#madeAt = performance.now();
    return new Bun.SQL(url, {
      max: maxConnections,
      connectionTimeout: CONNECT_TIMEOUT_S,
      prepare: session,
      ...(session ? { connection: SESSION } : {}),
    });
  }

  /**
   * Lets what comes next have other connections. A peer that vanished without a word leaves its own
   * silent for a quarter of an hour, and one that became a standby lets them live.
   */
  #abandon(sql: SQL): void {
    if (this.#sql !== sql) return;
    this.#sql = undefined;
    void sql.close({ timeout: 1 }).catch(() => {});
    this.#options.abandoned?.();
  }

  /** Lets statements come through that were sent already, for a second at most. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#sql?.close({ timeout: 1 });
  }
}

/**
 * Settings of a session. Every statement finds its rows by an index, one by one. A planner that knows
 * the tables from when they were small would read them whole, and keep to that plan.
 */
export const SESSION = {
  application_name: "volley",
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_material: "off",
  enable_bitmapscan: "off",
  enable_sort: "off",
  // No row is looked up twice.
  enable_memoize: "off",
  jit: "off",
  // Whatever the values, the way to the rows is the same: planning it anew takes longer than going it.
  plan_cache_mode: "force_generic_plan",
  statement_timeout: String(STATEMENT_TIMEOUT_MS),
  lock_timeout: "10000",
  idle_in_transaction_session_timeout: "20000",
  // The connection that listens is idle.
  idle_session_timeout: "0",
};

function closedError(): AppError {
  return new AppError("store_unavailable", "The run store is closed.");
}

/** A server that disappeared without a word must not be waited for until TCP gives up. */
export async function answered<Answer>(
  answer: PromiseLike<Answer>,
  withinMs: number,
): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>();
  // After a standstill of this process the timer comes first, and then the answer that is there.
  const timer = setTimeout(() => setImmediate(() => reject(new NoAnswer(withinMs))), withinMs);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
