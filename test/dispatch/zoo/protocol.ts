/** Endpoints that do not speak HTTP, or speak it wrongly, or say no by status. */
import { type Beast, chunk, CHUNKED, flood, head, PASS, response } from "./beast.ts";

const MALFORMED = { errorCode: "malformed_response" };
const BAD_STATUS = { errorCode: "bad_status" };

const answering = (name: string, bytes: string | Buffer): Omit<Beast, "errorCode"> => ({
  name,
  answer: (socket) => socket.end(bytes),
});

export const BROKEN_PROTOCOL: readonly Beast[] = [
  { ...answering("speaks another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"), ...MALFORMED },
  { ...answering("answers a status that is no number", "HTTP/1.1 abc\r\n\r\n"), ...MALFORMED },
  { ...answering("answers status 99", response(PASS, { status: "99 Odd" })), ...MALFORMED },
  { ...answering("answers 2 MB of header", head(`x-a: ${"a".repeat(2_000_000)}`)), ...MALFORMED },
  {
    ...answering("answers 5 000 headers", head(...Array<string>(5_000).fill("x-a: 1")) + PASS),
    ...MALFORMED,
  },
  {
    name: "answers headers for ever",
    answer: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      flood(socket, "x-more: 1\r\n".repeat(1_000));
    },
    ...MALFORMED,
  },
  {
    ...answering("announces a length that is no number", head("content-length: many") + PASS),
    ...MALFORMED,
  },
  {
    ...answering("announces a negative length", head("content-length: -5") + PASS),
    ...MALFORMED,
  },
  {
    ...answering(
      "announces two lengths",
      head("content-length: 5", `content-length: ${PASS.length}`) + PASS,
    ),
    ...MALFORMED,
  },
  { ...answering("sends garbage for chunks", `${CHUNKED}zz\r\n${PASS}\r\n`), ...MALFORMED },
  {
    ...answering("sends a chunk beyond all numbers", `${CHUNKED}fffffffffffffffff\r\n${PASS}`),
    ...MALFORMED,
  },
  {
    name: "switches protocols",
    answer: (socket) =>
      socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
    ...MALFORMED,
  },
  { ...answering("answers status 999", response(PASS, { status: "999 Odd" })), ...BAD_STATUS },
  { ...answering("answers 400", response("no", { status: "400 Bad Request" })), ...BAD_STATUS },
  {
    ...answering("answers an error page", response("<h1>Oops</h1>", { status: "500 Oops" })),
    ...BAD_STATUS,
  },
  {
    ...answering("answers results with status 500", response(PASS, { status: "500 Oops" })),
    ...BAD_STATUS,
  },
  {
    ...answering("answers 304", "HTTP/1.1 304 Not Modified\r\n\r\n"),
    errorCode: "redirect_refused",
  },
  {
    name: "answers an endless error page",
    answer: (socket) => {
      socket.write("HTTP/1.1 500 Oops\r\n\r\n");
      flood(socket, Buffer.alloc(65_536, 32));
    },
    errorCode: "response_too_large",
  },
  {
    name: "redirects with an endless body",
    answer: (socket) => {
      socket.write("HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n");
      flood(socket, Buffer.alloc(65_536, 32));
    },
    errorCode: "redirect_refused",
  },
  answering(
    "sends early hints first",
    `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${head(`content-length: ${PASS.length}`)}${PASS}`,
  ),
  answering(
    "announces a length and sends chunks",
    head("content-length: 5", "transfer-encoding: chunked") + chunk(PASS) + chunk(""),
  ),
  answering("sends a second answer", Buffer.concat([response(PASS), response("{}")])),
];
