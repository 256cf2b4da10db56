/**
 * An HTTP client that reads only when it is told to: for what a server does with those who do not.
 */
import { connect, type Socket } from "node:net";

export class RawClient implements Disposable {
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
  }

  /** Bytes read so far, head included. */
  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** Reads nothing more until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** All that came so far. */
  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }

  /** The body that came so far, out of its chunks. */
  body(): string {
    const all = Buffer.concat(this.#chunks);
    const parts: Buffer[] = [];
    for (let at = all.indexOf("\r\n\r\n") + 4; at >= 4 && at < all.length;) {
      const end = all.indexOf("\r\n", at);
      const size = end < 0 ? 0 : Number.parseInt(all.toString("latin1", at, end), 16);
      if (!(size > 0)) break;
      parts.push(all.subarray(end + 2, end + 2 + size));
      at = end + 2 + size + 2;
    }
    return Buffer.concat(parts).toString("utf8");
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** Sends a GET and reads on until it is told not to; `once`: until the first bytes are there. */
export async function rawGet(url: string, { once = false } = {}): Promise<RawClient> {
  const { host, hostname, pathname, port, search } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const client = new RawClient(socket);
  if (once) socket.once("data", () => client.pause());
  await new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  return client;
}
