/**
 * A TCP server that reads HTTP requests and answers whatever bytes the test writes: for answers
 * that no HTTP server would give.
 */
import { createServer, type Socket } from "node:net";

export interface RawRequest {
  /** Request line and header lines. */
  readonly head: string;
  readonly body: string;
  /** Counts connections from 1. */
  readonly connection: number;
}

export type RawAnswer = (socket: Socket, request: RawRequest) => void;

export interface RawServer extends Disposable {
  readonly origin: string;
  /** Requests that arrived in full. */
  readonly requests: readonly RawRequest[];
  /** Connections accepted so far, and those open now. */
  readonly connections: () => number;
  readonly open: () => number;
}

/** Calls `answer` once per request that arrived in full, also on a connection kept alive. */
export async function startRawServer(answer: RawAnswer): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const connection = ++connections;
    let buffered = "";
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // A client that goes away is what many of these tests are about.
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      buffered += chunk.toString("latin1");
      for (let request = take(); request; request = take()) {
        const entry = { ...request, connection };
        requests.push(entry);
        answer(socket, entry);
      }
    });
    function take(): { head: string; body: string } | undefined {
      const end = buffered.indexOf("\r\n\r\n");
      if (end < 0) return undefined;
      const head = buffered.slice(0, end);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (buffered.length < end + 4 + length) return undefined;
      const body = buffered.slice(end + 4, end + 4 + length);
      buffered = buffered.slice(end + 4 + length);
      return { head, body };
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as { port: number };
  return {
    origin: `http://127.0.0.1:${address.port}`,
    requests,
    connections: () => connections,
    open: () => sockets.size,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** The value of a header of a raw request, or undefined. */
export function rawHeader({ head }: RawRequest, name: string): string | undefined {
  const line = head
    .split("\r\n")
    .slice(1)
    .find((text) => text.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}
