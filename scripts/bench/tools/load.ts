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
  readonly sentAt: number;
  buffered: Buffer;
}

answerQuestions(async (question: LoadQuestion): Promise<LoadAnswer> => {
  const latencies: number[] = [];
  const began = performance.now();
  const lanes = Array.from({ length: question.connections }, () =>
    ask(question, began + question.ms, latencies),
  );
  await Promise.all(lanes);
  const ms = performance.now() - began;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? NaN;
  return { answers: latencies.length, ms, p50: at(0.5), p99: at(0.99) };
});

/** One connection: a request after the other until `end`; adds what each took to `latencies`. */
async function ask(
  { origin, request }: LoadQuestion,
  end: number,
  latencies: number[],
): Promise<void> {
  const { hostname, port } = new URL(origin);
  const closed = Promise.withResolvers<void>();
  const send = (socket: Socket<Connection>): void => {
    socket.data = { sentAt: performance.now(), buffered: Buffer.alloc(0) };
    socket.write(request);
  };
  const receive = (socket: Socket<Connection>, chunk: Buffer): void => {
    const { data } = socket;
    data.buffered = data.buffered.length === 0 ? chunk : Buffer.concat([data.buffered, chunk]);
    if (!isWhole(data.buffered)) return;
    const now = performance.now();
    latencies.push(now - data.sentAt);
    if (now < end) send(socket);
    else socket.end();
  };
  await Bun.connect<Connection>({
    hostname,
    port: Number(port),
    socket: {
      open: send,
      data: (socket, chunk) => {
        try {
          receive(socket, chunk);
        } catch (error) {
          closed.reject(error);
        }
      },
      close: () => closed.resolve(),
      error: (_socket, error) => closed.reject(error),
    },
  });
  return closed.promise;
}

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
