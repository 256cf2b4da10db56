/**
 * An HTTP/2 server that answers each request with the bytes of whatever frames the test names: for
 * answers that no HTTP/2 library would give (RFC 9113, 4.1).
 */
import { createServer, type TLSSocket } from "node:tls";

import { TLS } from "./tls.ts";

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const GOAWAY = 7;
const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;
const HEAD_LENGTH = 9;
const PREFACE_LENGTH = 24;

/** Answers the request of stream `id`, which has arrived in full. */
export type FrameAnswer = (socket: TLSSocket, id: number) => void;

export interface FrameServer extends Disposable {
  readonly base: string;
  /** Requests that arrived in full. */
  readonly requests: () => number;
}

export async function startFrameServer(answer: FrameAnswer): Promise<FrameServer> {
  const sockets = new Set<TLSSocket>();
  let requests = 0;
  const server = createServer({ ...TLS, ALPNProtocols: ["h2"] }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write(frame(SETTINGS, 0, 0));
    let buffered = Buffer.alloc(0);
    let skip = PREFACE_LENGTH;
    socket.on("data", (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      while (buffered.length >= skip + HEAD_LENGTH) {
        const head = buffered.subarray(skip, skip + HEAD_LENGTH);
        const end = skip + HEAD_LENGTH + head.readUIntBE(0, 3);
        if (buffered.length < end) return;
        buffered = buffered.subarray(end);
        skip = 0;
        const flags = head.readUInt8(4);
        const type = head.readUInt8(3);
        if (type === SETTINGS && !(flags & ACK)) socket.write(frame(SETTINGS, ACK, 0));
        if ((type === DATA || type === HEADERS) && flags & END_STREAM) {
          requests++;
          answer(socket, head.readUInt32BE(5));
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    base: `https://127.0.0.1:${port}`,
    requests: () => requests,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function frame(type: number, flags: number, id: number, payload: Uint8Array = Buffer.alloc(0)) {
  const head = Buffer.alloc(HEAD_LENGTH);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

function integers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

/**
 * Headers: status 200, which HPACK's static table has at 8, and `content-length`, at 28, if given
 * (RFC 7541, 6.1, 6.2.2 and appendix A).
 */
export function status200(id: number, length?: number): Buffer {
  const digits = Buffer.from(length === undefined ? "" : String(length));
  const declared = length === undefined ? [] : [0x0f, 28 - 0x0f, digits.length, ...digits];
  return frame(HEADERS, END_HEADERS, id, Buffer.from([0x88, ...declared]));
}
export const data = (id: number, text: string) => frame(DATA, 0, id, Buffer.from(text));
export const endStream = (id: number) => frame(DATA, END_STREAM, id);
export const rstStream = (id: number, code: number) => frame(RST_STREAM, 0, id, integers(code));
export const goaway = (last: number, code: number) => frame(GOAWAY, 0, 0, integers(last, code));
