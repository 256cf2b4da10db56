/** Endpoints whose answer is well-formed HTTP around a bad, or huge, or odd body. */
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";

import { type Beast, chunk, CHUNKED, flood, head, PASS, response } from "./beast.ts";

const BAD_BODY = { errorCode: "bad_body" };
const TOO_LARGE = { errorCode: "response_too_large" };

/** A good answer after 12 MB of white space, which compression makes small. */
const INFLATED = `${" ".repeat(12_000_000)}${PASS}`;
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

/** `bytes` is called when a request arrives: what it makes is large. */
const answering = (name: string, bytes: () => Uint8Array): Omit<Beast, "errorCode"> => ({
  name,
  answer: (socket) => socket.end(bytes()),
});

const encoded = (coding: string, body: string | Uint8Array) => (): Buffer =>
  response(body, { headers: [`content-encoding: ${coding}`] });

const NOISE = Buffer.from("neither this nor that");

export const ODD_BODIES: readonly Beast[] = [
  { ...answering("calls noise gzip", encoded("gzip", NOISE)), ...BAD_BODY },
  { ...answering("calls noise deflate", encoded("deflate", NOISE)), ...BAD_BODY },
  { ...answering("calls noise br", encoded("br", NOISE)), ...BAD_BODY },
  { ...answering("calls noise zstd", encoded("zstd", NOISE)), ...BAD_BODY },
  { ...answering("uses a coding nobody knows", encoded("rot13", NOISE)), ...BAD_BODY },
  { ...answering("cuts its gzip", encoded("gzip", gzipSync(PASS).subarray(0, 20))), ...BAD_BODY },
  {
    ...answering("inflates gzip", () => encoded("gzip", gzipSync(INFLATED))()),
    ...TOO_LARGE,
  },
  {
    ...answering("inflates br", () => encoded("br", brotliCompressSync(INFLATED, FAST))()),
    ...TOO_LARGE,
  },
  {
    ...answering("inflates zstd", () => encoded("zstd", zstdCompressSync(INFLATED))()),
    ...TOO_LARGE,
  },
  {
    name: "announces 80 MB and sends them",
    answer: (socket) => {
      socket.write(head("content-length: 80000000"));
      flood(socket, Buffer.alloc(65_536, 32));
    },
    ...TOO_LARGE,
  },
  {
    name: "announces 80 MB and hangs",
    answer: (socket) => socket.write(head("content-length: 80000000")),
    ...TOO_LARGE,
  },
  {
    name: "sends a body without an end",
    answer: (socket) => {
      socket.write(head());
      flood(socket, Buffer.alloc(65_536, 32));
    },
    ...TOO_LARGE,
  },
  {
    name: "sends chunks without an end",
    answer: (socket) => {
      socket.write(CHUNKED);
      flood(socket, chunk(" ".repeat(65_536)));
    },
    ...TOO_LARGE,
  },
  {
    name: "announces 10 bytes and sends chunks without an end",
    answer: (socket) => {
      socket.write(CHUNKED.replace("\r\n", "\r\ncontent-length: 10\r\n"));
      flood(socket, chunk(" ".repeat(65_536)));
    },
    ...TOO_LARGE,
  },
  {
    name: "answers 204",
    answer: (socket) => socket.end("HTTP/1.1 204 No Content\r\n\r\n"),
    ...BAD_BODY,
  },
  { ...answering("answers HTML", () => response("<!doctype html>")), ...BAD_BODY },
  { ...answering("cuts its JSON", () => response(PASS.slice(0, -2))), ...BAD_BODY },
  {
    name: "announces less than it sends",
    answer: (socket) => socket.end(head("content-length: 10") + PASS),
    ...BAD_BODY,
  },
  {
    ...answering("nests 200 000 arrays", () =>
      response(`{"results":${"[".repeat(200_000)}${"]".repeat(200_000)}}`),
    ),
    ...BAD_BODY,
  },
  answering("compresses though asked not to", encoded("gzip", gzipSync(PASS))),
  answering("begins with a byte order mark", () => response(`\ufeff${PASS}`)),
  answering("repeats a key", () => response(`{"results":"x",${PASS.slice(1)}`)),
  answering("sends bytes that are not UTF-8", () => {
    const [before = "", after = ""] = PASS.split("titleTest");
    return response(
      Buffer.concat([Buffer.from(before), Buffer.from([0xff, 0xc3]), Buffer.from(after)]),
    );
  }),
];
