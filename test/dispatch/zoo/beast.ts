/** What the hostile endpoints of this folder have in common: their shape, and bytes to send. */
import type { Socket } from "node:net";

import type { RawAnswer } from "../../support/raw-server.ts";

export interface Beast {
  /** Completes "an endpoint that …". */
  readonly name: string;
  readonly answer: RawAnswer;
  /** The code of its failure. Absent: odd, but right, so that the job completes. */
  readonly errorCode?: string;
}

const CRLF = "\r\n";

/** A good answer to one runner. */
export const PASS = JSON.stringify({ results: [{ name: "titleTest", status: "pass" }] });

export function head(...headers: readonly string[]): string {
  return ["HTTP/1.1 200 OK", ...headers, "", ""].join(CRLF);
}

export const CHUNKED = head("transfer-encoding: chunked");

/** A whole response, its length as announced. */
export function response(
  body: string | Uint8Array,
  { status = "200 OK", headers = [] }: { status?: string; headers?: readonly string[] } = {},
): Buffer {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const lines = [`HTTP/1.1 ${status}`, `content-length: ${bytes.length}`, ...headers, "", ""];
  return Buffer.concat([Buffer.from(lines.join(CRLF)), bytes]);
}

export function chunk(text: string): string {
  return `${text.length.toString(16)}${CRLF}${text}${CRLF}`;
}

/** Writes the bytes for ever, as fast as the reader takes them. */
export function flood(socket: Socket, bytes: string | Uint8Array): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on("drain", more);
  more();
}

/** Writes one piece after another for ever, slowly. */
export function drip(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 10);
  socket.on("close", () => clearInterval(timer));
}
