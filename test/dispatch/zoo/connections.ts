/** Endpoints whose connection ends early, or never. */
import { type Beast, chunk, CHUNKED, drip, flood, head, PASS, response } from "./beast.ts";

const RESET = { errorCode: "connection_reset" };

export const BROKEN_CONNECTIONS: readonly Beast[] = [
  {
    name: "resets the connection before any header",
    answer: (socket) => socket.resetAndDestroy(),
    ...RESET,
  },
  {
    name: "closes the connection without an answer",
    answer: (socket) => socket.end(),
    ...RESET,
  },
  {
    name: "closes within the status line",
    answer: (socket) => socket.end("HTTP/1."),
    ...RESET,
  },
  {
    name: "closes within the headers",
    answer: (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-le"),
    ...RESET,
  },
  {
    name: "resets after the headers",
    answer: (socket) => socket.write(head("content-length: 99"), () => socket.resetAndDestroy()),
    ...RESET,
  },
  {
    name: "resets within the body",
    answer: (socket) =>
      socket.write(head("content-length: 99") + PASS.slice(0, 20), () => socket.resetAndDestroy()),
    ...RESET,
  },
  {
    name: "closes before the announced length",
    answer: (socket) => socket.end(head("content-length: 1000") + PASS),
    ...RESET,
  },
  {
    name: "closes within a chunk",
    answer: (socket) => socket.end(CHUNKED + chunk(PASS).slice(0, 30)),
    ...RESET,
  },
  {
    name: "closes before the last chunk",
    answer: (socket) => socket.end(CHUNKED + chunk(PASS)),
    ...RESET,
  },
  {
    name: "answers without a length and closes",
    answer: (socket) => socket.end(head() + PASS),
  },
  {
    name: "answers as HTTP/1.0 and closes",
    answer: (socket) => socket.end(`HTTP/1.0 200 OK\r\n\r\n${PASS}`),
  },
  {
    name: "closes after a whole answer without saying so",
    answer: (socket) => socket.end(response(PASS)),
  },
];

/** Only an abort ends these. */
export const ENDLESS: readonly Omit<Beast, "errorCode">[] = [
  { name: "hangs", answer: () => {} },
  {
    name: "hangs after the headers",
    answer: (socket) => socket.write(head("content-length: 100")),
  },
  {
    name: "hangs within the body",
    answer: (socket) => socket.write(head("content-length: 100") + PASS.slice(0, 20)),
  },
  {
    name: "hangs before the last chunk",
    answer: (socket) => socket.write(CHUNKED + chunk(PASS)),
  },
  {
    name: "drips its headers",
    answer: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      drip(socket, "x-more: 1\r\n");
    },
  },
  {
    name: "drips its body",
    answer: (socket) => {
      socket.write(CHUNKED);
      drip(socket, chunk(" "));
    },
  },
  {
    name: "answers 100 Continue slowly for ever",
    answer: (socket) => drip(socket, "HTTP/1.1 100 Continue\r\n\r\n"),
  },
  {
    name: "answers 100 Continue fast for ever",
    answer: (socket) => flood(socket, "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
  },
];
