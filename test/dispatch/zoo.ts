/**
 * Hostile and broken endpoints, each with the one outcome it must come to. An answer that never
 * ends by itself carries `endless`: only an abort ends it.
 */
import type { Socket } from "node:net";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";

import type { RawAnswer } from "../support/raw-server.ts";

export interface Beast {
  readonly name: string;
  readonly answer: RawAnswer;
  /** The code of its failure; absent if it is odd but right, and completes the job. */
  readonly errorCode?: string;
  readonly endless?: true;
}

export const PASS = JSON.stringify({ results: [{ name: "titleTest", status: "pass" }] });

const CRLF = "\r\n";

/** A response with a correct length. */
export function response(
  body: string | Uint8Array,
  { status = "200 OK", headers = [] as readonly string[] } = {},
): Buffer {
  const bytes = Buffer.from(body as string);
  const lines = [`HTTP/1.1 ${status}`, `content-length: ${bytes.length}`, ...headers, "", ""];
  return Buffer.concat([Buffer.from(lines.join(CRLF)), bytes]);
}

const head = (...headers: readonly string[]): string =>
  ["HTTP/1.1 200 OK", ...headers, "", ""].join(CRLF);

const chunk = (text: string): string => `${text.length.toString(16)}${CRLF}${text}${CRLF}`;

/** Writes for ever, as fast as the reader takes it. */
function flood(socket: Socket, bytes: string | Buffer): void {
  const more = (): void => {
    while (!socket.destroyed) if (!socket.write(bytes)) return;
  };
  socket.on("drain", more);
  more();
}

/** Writes one piece after another, slowly, for ever. */
function drip(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 20);
  socket.on("close", () => clearInterval(timer));
}

const encoded = (encoding: string, body: Uint8Array): Buffer =>
  response(body, { headers: [`content-encoding: ${encoding}`] });

/** 12 MB of spaces before a good answer, as small as compression makes them. */
const INFLATED = `${" ".repeat(12_000_000)}${PASS}`;

const connections: readonly Beast[] = [
  {
    name: "resets the connection before any header",
    answer: (socket) => socket.resetAndDestroy(),
    errorCode: "connection_reset",
  },
  {
    name: "closes the connection without an answer",
    answer: (socket) => socket.end(),
    errorCode: "connection_reset",
  },
  {
    name: "closes within the status line",
    answer: (socket) => socket.end("HTTP/1."),
    errorCode: "connection_reset",
  },
  {
    name: "closes within the headers",
    answer: (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-le"),
    errorCode: "connection_reset",
  },
  {
    name: "resets after the headers",
    answer: (socket) => socket.write(head("content-length: 100"), () => socket.resetAndDestroy()),
    errorCode: "connection_reset",
  },
  {
    name: "resets within the body",
    answer: (socket) =>
      socket.write(head("content-length: 100") + PASS.slice(0, 20), () => socket.resetAndDestroy()),
    errorCode: "connection_reset",
  },
  {
    name: "closes before the announced length",
    answer: (socket) => socket.end(head("content-length: 1000") + PASS),
    errorCode: "connection_reset",
  },
  {
    name: "closes within a chunk",
    answer: (socket) =>
      socket.end(head("transfer-encoding: chunked") + chunk(PASS).slice(0, 30)),
    errorCode: "connection_reset",
  },
  {
    name: "hangs",
    answer: () => {},
    endless: true,
  },
  {
    name: "hangs after the headers",
    answer: (socket) => socket.write(head("content-length: 100")),
    endless: true,
  },
  {
    name: "drips its headers",
    answer: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      drip(socket, "x-more: 1\r\n");
    },
    endless: true,
  },
  {
    name: "drips its body",
    answer: (socket) => {
      socket.write(head("transfer-encoding: chunked"));
      drip(socket, chunk(" "));
    },
    endless: true,
  },
  {
    name: "answers 100 Continue for ever, slowly",
    answer: (socket) => drip(socket, "HTTP/1.1 100 Continue\r\n\r\n"),
    endless: true,
  },
  {
    name: "answers 100 Continue for ever, fast",
    answer: (socket) => flood(socket, "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
    endless: true,
  },
];

const protocol: readonly Beast[] = [
  { name: "talks something else", answer: (s) => s.end("SSH-2.0-OpenSSH_9.2\r\n\r\n"), errorCode: "malformed_response" },
  { name: "has a status that is no number", answer: (s) => s.end("HTTP/1.1 abc OK\r\n\r\n"), errorCode: "malformed_response" },
  { name: "answers 2 MB of headers", answer: (s) => s.end(head(`x-long: ${"a".repeat(2_000_000)}`)), errorCode: "malformed_response" },
  { name: "answers headers for ever", answer: (s) => { s.write("HTTP/1.1 200 OK\r\n"); flood(s, "x-more: 1\r\n".repeat(1000)); }, errorCode: "malformed_response" },
  { name: "answers 5 000 headers", answer: (s) => s.end(head("x-a: 1\r\n".repeat(5000) + "content-length: 0")), errorCode: "malformed_response" },
  { name: "announces a length that is no number", answer: (s) => s.end(head("content-length: many") + PASS), errorCode: "malformed_response" },
  { name: "announces a negative length", answer: (s) => s.end(head("content-length: -5") + PASS), errorCode: "malformed_response" },
  { name: "announces two lengths", answer: (s) => s.end(head("content-length: 5", `content-length: ${PASS.length}`) + PASS), errorCode: "malformed_response" },
  { name: "announces length and chunks", answer: (s) => s.end(head("content-length: 5", "transfer-encoding: chunked") + chunk(PASS) + chunk("")), errorCode: "malformed_response" },
  { name: "sends chunks with garbage sizes", answer: (s) => s.end(`${head("transfer-encoding: chunked")}zz\r\n${PASS}\r\n`), errorCode: "malformed_response" },
  { name: "sends a chunk size beyond all numbers", answer: (s) => s.end(`${head("transfer-encoding: chunked")}fffffffffffffffff\r\n${PASS}`), errorCode: "malformed_response" },
  { name: "101", answer: (s) => { s.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")} , errorCode: "bad_status" },
  { name: "announces a length of 80 MB and hangs", answer: (s) => s.write(head("content-length: 80000000")), errorCode: "response_too_large" },
  { name: "http10 closed", answer: (s) => s.end("HTTP/1.0 200 OK\r\n\r\n" + PASS) },
  { name: "no length, closed", answer: (s) => s.end(head() + PASS) },
  { name: "103", answer: (s) => s.end("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + response(PASS).toString()) },
  { name: "no final chunk", answer: (s) => s.end(head("transfer-encoding: chunked") + chunk(PASS)) },
  { name: "surplus", answer: (s) => s.end(Buffer.concat([response(PASS), response("{}")])) },
];

const bodies: readonly Beast[] = [
  { name: "bad gzip", answer: (s) => s.end(encoded("gzip", Buffer.from("not gzip at all"))), errorCode: "malformed_response" },
  { name: "truncated gzip", answer: (s) => s.end(encoded("gzip", gzipSync(PASS).subarray(0, 20))), errorCode: "malformed_response" },
  { name: "bad br", answer: (s) => s.end(encoded("br", Buffer.from("not gzip at all"))), errorCode: "malformed_response" },
  { name: "bad zstd", answer: (s) => s.end(encoded("zstd", Buffer.from("not gzip at all"))), errorCode: "malformed_response" },
  { name: "bad deflate", answer: (s) => s.end(encoded("deflate", Buffer.from("not gzip at all"))), errorCode: "malformed_response" },
  { name: "unknown encoding", answer: (s) => s.end(encoded("rot13", Buffer.from("not gzip at all"))), errorCode: "bad_body" },
  { name: "good gzip", answer: (s) => s.end(encoded("gzip", gzipSync(PASS))) },
  { name: "gz inflated", answer: (s) => s.end(encoded("gzip", gzipSync(INFLATED))), errorCode: "response_too_large" },
  { name: "br inflated", answer: (s) => s.end(encoded("br", brotliCompressSync(INFLATED))), errorCode: "response_too_large" },
  { name: "zstd inflated", answer: (s) => s.end(encoded("zstd", zstdCompressSync(INFLATED))), errorCode: "response_too_large" },
  { name: "endless body", answer: (s) => { s.write(head()); flood(s, Buffer.alloc(65536, 32)); }, errorCode: "response_too_large" },
  { name: "endless chunks", answer: (s) => { s.write(head("transfer-encoding: chunked")); flood(s, chunk(" ".repeat(65536))); }, errorCode: "response_too_large" },
  { name: "99", answer: (s) => s.end(response(PASS, { status: "99 Odd" })), errorCode: "bad_status" },
  { name: "999", answer: (s) => s.end(response(PASS, { status: "999 Odd" })), errorCode: "bad_status" },
  { name: "204", answer: (s) => s.end("HTTP/1.1 204 No Content\r\n\r\n"), errorCode: "bad_body" },
  { name: "304", answer: (s) => s.end("HTTP/1.1 304 Not Modified\r\n\r\n"), errorCode: "redirect_refused" },
  { name: "500 html", answer: (s) => s.end(response("<h1>500</h1>", { status: "500 Oops" })), errorCode: "bad_status" },
  { name: "200 html", answer: (s) => s.end(response("<!doctype html>")), errorCode: "bad_body" },
  { name: "redirect, endless body", answer: (s) => { s.write("HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n"); flood(s, Buffer.alloc(65536, 32)); }, errorCode: "redirect_refused" },
  { name: "BOM", answer: (s) => s.end(response(`\ufeff${PASS}`)) },
  { name: "bad utf8", answer: (s) => s.end(response(Buffer.concat([Buffer.from('{"results":[{"status":"pass","name":"'), Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from('"}]}')]))) },
  { name: "dup keys", answer: (s) => s.end(response(`{"results":"x",${PASS.slice(1)}`)) },
  { name: "trunc json", answer: (s) => s.end(response(PASS.slice(0, -2))), errorCode: "bad_body" },
  { name: "deep", answer: (s) => s.end(response(`{"results":${"[".repeat(200000)}${"]".repeat(200000)}}`)), errorCode: "bad_body" },
  { name: "short length", answer: (s) => s.end(head("content-length: 10") + PASS), errorCode: "bad_body" },
];

export const ZOO: readonly Beast[] = [...connections, ...protocol, ...bodies];
