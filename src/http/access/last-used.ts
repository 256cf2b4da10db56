/**
 * When keys were last used: gathered in memory and written now and then, so that no request waits
 * for it.
 */
import type { Log } from "../../lib/log.ts";
import type { KeyStore } from "../../store/keys.ts";

const INTERVAL_MS = 10_000;

export interface LastUsedDeps {
  readonly keys: Pick<KeyStore, "noteUses">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

export class LastUsed {
  readonly #deps: LastUsedDeps;
  readonly #timer: ReturnType<typeof setInterval>;
  #uses = new Map<string, number>();

  /** Writes until it is closed; keeps no process alive. */
  constructor(deps: LastUsedDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.#write(), INTERVAL_MS);
    this.#timer.unref();
  }

  note(id: string): void {
    this.#uses.set(id, this.#deps.now());
  }

  /** Writes what is not written yet, and nothing afterwards. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#write();
  }

  /** What cannot be written is forgotten: the next use tells more. */
  async #write(): Promise<void> {
    if (this.#uses.size === 0) return;
    const uses = this.#uses;
    this.#uses = new Map();
    try {
      await this.#deps.keys.noteUses(uses);
    } catch (error) {
      this.#deps.log.warn("uses of keys cannot be written", { error });
    }
  }
}
