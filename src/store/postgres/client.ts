/**
 * Client: statements to a PostgreSQL database over a pool of connections, each with an end: in time,
 * and told as the store tells it.
 *
 * A statement whose connection was lost is sent once more on another one. So each must be written
 * such that a second time changes nothing if the first took effect.
 */
import type { SQL } from "bun";

import { AppError } from "../../domain/errors.ts";
import { mayRepeat, NoAnswer, storeError } from "./errors.ts";

const APPLICATION = "volley";
/** Connections for statements; one more listens. */
const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_S = 5;
/** Longer than any statement of ours takes, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 20_000;
const ANSWER_TIMEOUT_MS = 25_000;

export interface ClientOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /**
   * Whether a connection is ours alone as long as we keep it. A pooler that hands out connections
   * per transaction keeps neither statements nor settings.
   */
  readonly session: boolean;
  readonly maxConnections?: number;
}

export class Client {
  readonly sql: SQL;
  #closed = false;

  constructor({ maxConnections = MAX_CONNECTIONS, session, url }: ClientOptions) {
    this.sql = new Bun.SQL(url, {
      max: maxConnections,
      connectionTimeout: CONNECT_TIMEOUT_S,
      prepare: session,
      ...(session ? { connection: { application_name: APPLICATION, ...SETTINGS } } : {}),
    });
  }

  /**
   * The answer to a statement. Rejects with `store_unavailable` when the database cannot be used
   * now; whether it took effect is then unknown. `again`: this is the second time.
   */
  async query<Answer>(send: (sql: SQL, again: boolean) => PromiseLike<Answer>): Promise<Answer> {
    if (this.#closed) throw closedError();
    try {
      return await answered(send(this.sql, false)).catch((error: unknown) => {
        if (!mayRepeat(error) || error instanceof NoAnswer) throw error;
        return answered(send(this.sql, true));
      });
    } catch (error) {
      throw this.#closed ? closedError() : storeError(error);
    }
  }

  /** Lets statements come through that were sent already, for a second at most. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.sql.close({ timeout: 1 });
  }
}

/**
 * Every statement finds its rows by an index, one by one. A planner that knows the tables from when
 * they were small would read them whole, and keep to that plan.
 */
const SETTINGS = {
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_material: "off",
  enable_bitmapscan: "off",
  enable_sort: "off",
  jit: "off",
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
async function answered<Answer>(answer: PromiseLike<Answer>): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NoAnswer(ANSWER_TIMEOUT_MS)), ANSWER_TIMEOUT_MS);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
