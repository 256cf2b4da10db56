/**
 * Pace: calls back after changes of a run, but no more often than its interval allows, however
 * many changes there are.
 */
import type { RunChanges } from "../../orchestrator/changes.ts";

export interface PaceOptions {
  readonly runId: string;
  readonly changes: Pick<RunChanges, "watch">;
  readonly intervalMs: number;
}

export class Pace implements Disposable {
  readonly #intervalMs: number;
  readonly #tick: () => unknown;
  readonly #watch: Disposable;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ changes, intervalMs, runId }: PaceOptions, tick: () => unknown) {
    this.#intervalMs = intervalMs;
    this.#tick = tick;
    this.#watch = changes.watch(runId, () => this.hurry());
  }

  /** Calls back within the interval, as after a change. */
  hurry(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tick();
    }, this.#intervalMs);
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    clearTimeout(this.#timer);
  }
}
