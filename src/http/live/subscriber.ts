/**
 * Subscriber: one client of an event stream, with a bounded queue between us and its connection.
 *
 * A client that reads too slowly costs a mebibyte and the chunk that passed it: then its queue is
 * dropped, and it is told to read the run anew.
 */
const MAX_QUEUED_BYTES = 1024 ** 2;

export class Subscriber {
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  /** Whether something was dropped since the last reading. */
  #dropped = false;
  #ended = false;
  #wake: (() => void) | undefined;
  #read: (() => void) | undefined;
  readonly #gone: () => void;

  /** `gone`: called once, when the client has left or the stream has ended. */
  constructor(gone: () => void) {
    this.#gone = gone;
  }

  /** Queues a chunk; if too much is queued already, `resync` stands for all of it. */
  push(chunk: Uint8Array, resync: Uint8Array): void {
    if (this.#ended) return;
    if (this.#bytes > MAX_QUEUED_BYTES) {
      this.#chunks = [resync];
      this.#bytes = resync.byteLength;
      this.#dropped = true;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    this.#wake?.();
  }

  /** Queues a chunk instead of whatever was queued. */
  replace(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#chunks = [chunk];
    this.#bytes = chunk.byteLength;
    this.#wake?.();
  }

  /** Whether nothing more will be taken: the client has left, or the stream is complete. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether everything queued has been read. */
  get idle(): boolean {
    return this.#chunks.length === 0;
  }

  /** Whether the next chunk is too much for a client that has kept up so far. */
  get full(): boolean {
    return this.#bytes > MAX_QUEUED_BYTES && !this.#dropped && !this.#ended;
  }

  /** Resolves once everything queued has been read, or the client has left. */
  async drained(): Promise<void> {
    while (!this.idle && !this.#ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#read = resolve;
      await promise;
    }
  }

  /** Ends the stream after what is queued. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wake?.();
    this.#read?.();
    this.#gone();
  }

  /** The stream, produced only as fast as it is read. */
  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      pull: async (controller) => {
        const chunk = await this.#next();
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
      cancel: () => {
        this.#chunks = [];
        this.end();
      },
    });
  }

  async #next(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0 && !this.#ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    // All that is queued travels as one write.
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    this.#dropped = false;
    this.#read?.();
    return chunks.length > 1 ? Buffer.concat(chunks) : chunks[0];
  }
}
