/**
 * As many equal requests as a server answers, over connections that each have one request under
 * way. Raw sockets: a full HTTP client would cost more than the servers that are compared.
 */
import type { Socket } from "bun";

import { answerQuestions } from "./tool.ts";

export interface LoadQuestion {
  readonly origin: string;
  /** The whole request, as it is sent. */
  readonly request: string;
  readonly connections: number;
  readonly ms: number;
}

export interface LoadAnswer {
  readonly answers: number;
  readonly ms: number;
  /** Latencies, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

interface Connection {
  sentAt: number;
  buffered: Buffer;
}

answerQuestions(async ({ connections, ms, origin, request }: LoadQuestion) => {
  const { hostname, port } = new URL(origin);
  const latencies: number[] = [];
  const began = performance.now();
  const send = (socket: Socket<Connection>): void => {
    socket.data.sentAt = performance.now();
    socket.write(request);
  };
  const lane = async (): Promise<void> => {
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    await Bun.connect<Connection>({
      hostname,
      port: Number(port),
      socket: {
        open(socket) {
          socket.data = { sentAt: 0, buffered: Buffer.alloc(0) };
          send(socket);
        },
        data(socket, chunk) {
          const { data } = socket;
          data.buffered =
            data.buffered.length === 0 ? chunk : Buffer.concat([data.buffered, chunk]);
          try {
            if (!isWhole(data.buffered)) return;
          } catch (error) {
            reject(error);
            return;
          }
          const now = performance.now();
          latencies.push(now - data.sentAt);
          data.buffered = Buffer.alloc(0);
          if (now - began < ms) send(socket);
          else socket.end();
        },
        close: () => resolve(),
        error: (_socket, error) => reject(error),
      },
    });
    return promise;
  };
  await Promise.all(Array.from({ length: connections }, lane));
  const took = performance.now() - began;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? NaN;
  return { answers: latencies.length, ms: took, p50: at(0.5), p99: at(0.99) } satisfies LoadAnswer;
});

/** Whether all of a response is there. Throws unless it is a success of a known length. */
function isWhole(response: Buffer): boolean {
  const end = response.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = response.toString("latin1", 0, end);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (!head.startsWith("HTTP/1.1 20") || length === undefined) {
    throw new Error(`Not a success of a known length: ${response.toString("utf8", 0, 400)}`);
  }
  return response.length >= end + 4 + Number(length);
}
