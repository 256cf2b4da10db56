/**
 * RunChanges: tells whoever watches a run that something about it has changed and can be read.
 *
 * A hint and nothing more: it carries no data, so a watcher that misses one loses nothing.
 */
export class RunChanges {
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #watchersOfAll = new Set<(runId?: string) => void>();

  /** Calls `changed` after each change of the run, until disposed. */
  watch(runId: string, changed: () => void): Disposable {
    const watchers = this.#watchers.get(runId) ?? new Set();
    this.#watchers.set(runId, watchers.add(changed));
    return {
      [Symbol.dispose]: () => {
        watchers.delete(changed);
        if (watchers.size === 0 && this.#watchers.get(runId) === watchers) {
          this.#watchers.delete(runId);
        }
      },
    };
  }

  /** The runs that somebody watches. */
  get watched(): readonly string[] {
    return [...this.#watchers.keys()];
  }

  /** Calls `changed` after each change of any run, until disposed; without an id if it is not known. */
  watchAll(changed: (runId?: string) => void): Disposable {
    this.#watchersOfAll.add(changed);
    return { [Symbol.dispose]: () => void this.#watchersOfAll.delete(changed) };
  }

  /** Other replicas may have changed any run. */
  notifyAnybody(): void {
    for (const changed of this.#watchersOfAll) changed();
  }

  notify(runId: string): void {
    for (const changed of this.#watchersOfAll) changed(runId);
    for (const changed of this.#watchers.get(runId) ?? []) changed();
  }
}
