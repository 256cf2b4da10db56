/** What a socket may send that no HTTP client would, and what must come of it. */

/** Statuses one of which must answer; "none" stands for a connection closed without an answer. */
export interface RawRequest {
  readonly name: string;
  readonly bytes: string | Uint8Array;
  readonly answers: readonly (number | "none")[];
}

const HOST = "Host: localhost\r\n";
const POST = `POST /api/orchestrator HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;
const GET = `GET /healthz HTTP/1.1\r\n${HOST}`;
/** What a smuggler wants to be answered as a request of its own. */
const SECOND = `GET /api/orchestrator HTTP/1.1\r\n${HOST}\r\n`;
const MANY = Array.from({ length: 300 }, (_, index) => `X-${index}: a\r\n`).join("");

/** Two readers could take these for different requests, so none may take them for any. */
export const SMUGGLING: readonly RawRequest[] = [
  ["length and chunks", `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["chunks and length", `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`],
  ["two lengths", `${POST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x`],
  ["a list of lengths", `${POST}Content-Length: 2, 2\r\n\r\n{}`],
  ["a negative length", `${POST}Content-Length: -1\r\n\r\n`],
  ["a signed length", `${POST}Content-Length: +2\r\n\r\n{}`],
  ["a hexadecimal length", `${POST}Content-Length: 0x2\r\n\r\n{}`],
  ["a length beyond all numbers", `${POST}Content-Length: 99999999999999999999\r\n\r\n{}`],
  ["no length at all", `${POST}Content-Length: \r\n\r\n{}`],
  ["an unknown encoding", `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ["a space before the colon", `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
  ["two encodings", `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n`],
  ["chunks that are not the last", `${POST}Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n`],
  ["a folded header", `${POST}X: a\r\n Content-Length: 5\r\nContent-Length: 0\r\n\r\n`],
  ["a line feed in a header", `${GET}X: y\nContent-Length: 40\r\n\r\n`],
  ["a zero in a header", `${GET}X: a\0b\r\n\r\n`],
  ["a chunk beyond all numbers", chunked(`${"F".repeat(17)}\r\n{}\r\n0\r\n\r\n`)],
  ["a negative chunk", chunked("-1\r\n{}\r\n0\r\n\r\n")],
  ["a chunk without its end", chunked("2\r\n{}0\r\n\r\n")],
  ["chunks with bare line feeds", chunked("2\n{}\n0\n\n")],
].map(([name = "", bytes = ""]) => ({ name, bytes: bytes + SECOND, answers: [400, 401] }));

/** Answered or refused as what they are. */
export const ODD: readonly RawRequest[] = [
  { name: "bare line feeds", bytes: GET.replaceAll("\r\n", "\n") + "\n", answers: [400, 505] },
  { name: "no Host", bytes: "GET /healthz HTTP/1.1\r\n\r\n", answers: [400] },
  { name: "HTTP/1.0 without Host", bytes: "GET /healthz HTTP/1.0\r\n\r\n", answers: [200] },
  { name: "HTTP/0.9", bytes: "GET /healthz\r\n\r\n", answers: [400, 505] },
  { name: "HTTP/3.0", bytes: `GET /healthz HTTP/3.0\r\n${HOST}\r\n`, answers: [400, 505] },
  { name: "HTTP/2 in the clear", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", answers: [400, 505] },
  { name: "two hosts", bytes: `${GET}Host: evil.example\r\n\r\n`, answers: [400, 421] },
  { name: "an empty host", bytes: "GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", answers: [400, 421] },
  {
    name: "another host",
    bytes: "GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    answers: [421],
  },
  {
    name: "an absolute address elsewhere",
    bytes: `GET http://evil.example/metrics HTTP/1.1\r\n${HOST}\r\n`,
    answers: [401],
  },
  {
    name: "a way around",
    bytes: `GET /healthz/../metrics HTTP/1.1\r\n${HOST}\r\n`,
    answers: [401],
  },
  {
    name: "a hidden way",
    bytes: `GET /healthz/%2e%2e/metrics HTTP/1.1\r\n${HOST}\r\n`,
    answers: [401],
  },
  { name: "two slashes", bytes: `GET //healthz HTTP/1.1\r\n${HOST}\r\n`, answers: [401] },
  {
    name: "a tunnel",
    bytes: "CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example:80\r\n\r\n",
    answers: [400, 421],
  },
  { name: "TRACE", bytes: `TRACE / HTTP/1.1\r\n${HOST}Secret: x\r\n\r\n`, answers: [401] },
  {
    name: "an unknown method",
    bytes: `XPOST /api/orchestrator HTTP/1.1\r\n${HOST}\r\n`,
    answers: ["none", 400],
  },
  {
    name: "an upgrade",
    bytes: `${GET}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    answers: [200],
  },
  { name: "a zero in the path", bytes: `GET /\0 HTTP/1.1\r\n${HOST}\r\n`, answers: [400, 505] },
  { name: "a header of 20 KB", bytes: `${GET}X: ${"a".repeat(20_000)}\r\n\r\n`, answers: [431] },
  { name: "300 headers", bytes: `${GET}${MANY}\r\n`, answers: [431] },
  {
    name: "a path of 20 KB",
    bytes: `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`,
    answers: [431],
  },
  {
    name: "TLS",
    bytes: new Uint8Array([0x16, 3, 1, 0, 165, 1, 0, 0, 161, 3, 3]),
    answers: ["none", 400],
  },
  {
    name: "noise",
    bytes: Uint8Array.from({ length: 500 }, (_, index) => (index * 37) % 256),
    answers: ["none", 400, 505],
  },
];

function chunked(body: string): string {
  return `${POST}Transfer-Encoding: chunked\r\n\r\n${body}`;
}
