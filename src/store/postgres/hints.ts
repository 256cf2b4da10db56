/**
 * Hints between replicas, as NOTIFY: what they save is time. Each may get lost, and what it told is
 * then found by a poll.
 */
import type { Log } from "../../lib/log.ts";
import type { Hint } from "../store.ts";
import type { Client } from "./client.ts";

const CHANNEL = "volley";
/** Hints of this long travel together, in milliseconds: each NOTIFY waits for all before it. */
const COALESCE_MS = 20;
/** Between two tries to listen, in milliseconds. */
const RETRY_MS = 1_000;
/** A payload may have 8000 bytes, and a run id 128. */
const MAX_TOGETHER = 50;

export interface HintsOptions {
  readonly url: string;
  readonly client: Client;
  readonly log: Log;
}

export class Hints {
  readonly #options: HintsOptions;
  readonly #listeners = new Set<(hint: Hint) => void>();
  /** Gives up the connection that listens. */
  #hangUp = (): void => {};
  #closed = false;
  #waiting: Hint[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: HintsOptions) {
    this.#options = options;
  }

  listen(listener: (hint: Hint) => void): void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) void this.#keepListening();
  }

  /** Listens on another connection: this one may be dead. */
  reconnect(): void {
    this.#hangUp();
  }

  async #keepListening(): Promise<void> {
    for (let told = false; !this.#closed;) {
      try {
        await this.#listenOnce(() => (told = false));
      } catch (error) {
        if (this.#closed) return;
        if (!told) this.#options.log.warn("no hints from other replicas; polling alone", { error });
        told = true;
      }
      if (!this.#closed) await Bun.sleep(RETRY_MS);
    }
  }

  /** Resolves once the connection is lost; rejects if it cannot be made. */
  async #listenOnce(listening: () => void): Promise<void> {
    const lost = Promise.withResolvers<void>();
    // The driver would listen anew by itself, and write of it past the log.
    const hangUp = (this.#hangUp = (): void => {
      void sql.close({ timeout: 0 }).catch(() => {});
      lost.resolve();
    });
    const connection = { application_name: "volley hints", idle_session_timeout: "0" };
    const sql = new Bun.SQL(this.#options.url, { max: 1, connection, onclose: hangUp });
    await sql.listen(CHANNEL, (payload) => this.#heard(payload));
    listening();
    await lost.promise;
  }

  #heard(payload: string): void {
    for (const hint of read(payload)) for (const each of this.#listeners) each(hint);
  }

  /** Never fails and never waits. */
  send(hint: Hint): void {
    this.#waiting.push(hint);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const hints = this.#waiting;
      this.#waiting = [];
      for (let from = 0; from < hints.length; from += MAX_TOGETHER) {
        void this.#notify(hints.slice(from, from + MAX_TOGETHER));
      }
    }, COALESCE_MS);
  }

  async #notify(hints: readonly Hint[]): Promise<void> {
    const payload = JSON.stringify(hints);
    await this.#options.client
      .query((sql) => sql`SELECT pg_notify(${CHANNEL}, ${payload})`)
      .catch(() => {});
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const hints = this.#waiting.splice(0, MAX_TOGETHER);
    if (hints.length > 0) await this.#notify(hints);
    this.#closed = true;
    this.#hangUp();
  }
}

/** Whoever may use the database may notify: what is no hint is nothing. */
function read(payload: string): Hint[] {
  try {
    const hints: unknown = JSON.parse(payload);
    return Array.isArray(hints) ? hints.filter(isHint) : [];
  } catch {
    return [];
  }
}

function isHint(value: unknown): value is Hint {
  const { runId, type } = (value ?? {}) as { type?: unknown; runId?: unknown };
  if (type === "released") return true;
  return (type === "ended" || type === "cancel") && typeof runId === "string";
}
