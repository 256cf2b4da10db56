/**
 * Output: stdout or stderr as a command writes to it. Whoever reads it may go away or be slow; the
 * command neither fails nor loses text for that.
 */
export class Output {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on("error", () => {});
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Columns of the terminal; 80 where it does not say. */
  get columns(): number {
    return this.#stream.columns || 80;
  }

  get rows(): number {
    return this.#stream.rows || 24;
  }

  /** Whether everything written so far is on its way. */
  get drained(): boolean {
    return !this.#stream.writableNeedDrain;
  }

  write(text: string): void {
    this.#stream.write(text);
  }

  /**
   * Resolves once the text, and all before it, has been taken over, or nobody takes it any more; with
   * the system's error if it was lost to somebody who does, as on a full disk.
   */
  finish(text = ""): Promise<Error | undefined> {
    return new Promise((resolve) => {
      this.#stream.write(text, (error) => {
        const isGone = (error as NodeJS.ErrnoException | null)?.code === "EPIPE";
        resolve(isGone ? undefined : (error ?? undefined));
      });
    });
  }

  /** Calls back whenever the terminal has another size. */
  onResize(changed: () => void): Disposable {
    this.#stream.on("resize", changed);
    return { [Symbol.dispose]: () => void this.#stream.off("resize", changed) };
  }
}
