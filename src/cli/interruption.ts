/**
 * Interruption: what SIGINT and SIGTERM mean to a command that has something to finish. The first
 * asks it to; with the second the process dies of it at once.
 */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #second: () => void;
  readonly #stop = (signal: NodeJS.Signals): void => {
    if (!this.happened) {
      this.#controller.abort();
      return;
    }
    this[Symbol.dispose]();
    this.#second();
    process.kill(process.pid, signal);
  };

  /** `second`: called, synchronously, before the process dies. */
  constructor(second: () => void = () => {}) {
    this.#second = second;
    process.on("SIGINT", this.#stop);
    process.on("SIGTERM", this.#stop);
  }

  get happened(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Aborts with the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#stop);
    process.off("SIGTERM", this.#stop);
  }
}
