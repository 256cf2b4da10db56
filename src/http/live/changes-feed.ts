/**
 * ChangesFeed: which runs have changed, for all who watch the list of runs. Told at most twice a
 * second, however much happens.
 */
import type { RunChanges } from "../../orchestrator/changes.ts";
import { encodeChanges } from "./encode.ts";
import type { Subscriber } from "./subscriber.ts";

const INTERVAL_MS = 500;

export class ChangesFeed {
  readonly #joined = new Set<Subscriber>();
  readonly #watch: Disposable;
  readonly #changed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(changes: Pick<RunChanges, "watchAll">) {
    this.#watch = changes.watchAll((runId) => {
      if (runId !== undefined) this.#changed.add(runId);
      this.#timer ??= setTimeout(() => this.#tell(), INTERVAL_MS);
    });
  }

  /** Whether nobody watches. */
  get idle(): boolean {
    return this.#joined.size === 0;
  }

  join(subscriber: Subscriber): void {
    this.#joined.add(subscriber);
    // Whoever comes back knows at once that the connection stands, and reads the list anew.
    subscriber.replace(encodeChanges([]));
  }

  leave(subscriber: Subscriber): void {
    this.#joined.delete(subscriber);
  }

  close(): void {
    this.#watch[Symbol.dispose]();
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    const chunk = encodeChanges(this.#changed);
    this.#changed.clear();
    // Who is too slow for the others' runs still learns that something has changed.
    for (const subscriber of this.#joined) subscriber.push(chunk, chunk);
  }
}
