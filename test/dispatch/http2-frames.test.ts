/** Answers over HTTP/2 that break off or break the protocol: one failed job, asked for once. */
import { describe, expect, test } from "bun:test";

import {
  data,
  endStream,
  type FrameAnswer,
  goaway,
  rstStream,
  startFrameServer,
  status200,
} from "../support/http2-frames.ts";
import { CA } from "../support/tls.ts";
import { dispatcher, job, never, soon } from "./dispatching.ts";

const INTERNAL_ERROR = 2;
const ENHANCE_YOUR_CALM = 11;
const WHOLE = '{"results":[{"status":"pass"}]}';

const RESET = "The endpoint broke off the exchange (HTTP/2 stream reset).";
const CLOSED = "The endpoint closed the connection early.";

describe("remoteDispatch over HTTP/2", () => {
  test("takes a whole answer", async () => {
    using server = await startFrameServer((socket, id) => {
      socket.write(Buffer.concat([status200(id), data(id, WHOLE), endStream(id)]));
    });
    const outcome = await soon(dispatcher({ eu: server.base }, { ca: CA })(job("eu"), never()));
    expect(outcome.state).toBe("completed");
  });

  test.each<[string, string, string, FrameAnswer]>([
    ["a reset", "connection_reset", RESET, (s, id) => s.write(rstStream(id, INTERNAL_ERROR))],
    [
      "a reset within the body",
      "connection_reset",
      RESET,
      (s, id) =>
        s.write(Buffer.concat([status200(id), data(id, "{"), rstStream(id, INTERNAL_ERROR)])),
    ],
    [
      "a reset after all of the body but its end",
      "connection_reset",
      RESET,
      (s, id) => s.write(Buffer.concat([status200(id), data(id, WHOLE), rstStream(id, 0)])),
    ],
    [
      "a failing server's GOAWAY",
      "connection_reset",
      CLOSED,
      (s, id) => s.write(goaway(id, INTERNAL_ERROR)),
    ],
    [
      "a GOAWAY for asking too much",
      "connection_reset",
      CLOSED,
      (s, id) => s.write(goaway(id, ENHANCE_YOUR_CALM)),
    ],
    [
      "an answer shorter than it declares",
      "malformed_response",
      "The endpoint answered something that is not HTTP.",
      (s, id) => s.write(Buffer.concat([status200(id, 9_999), data(id, WHOLE), endStream(id)])),
    ],
    ["the end of the connection", "connection_reset", CLOSED, (s) => s.destroy()],
    [
      "the end of the connection within the body",
      "connection_reset",
      CLOSED,
      (s, id) => s.write(Buffer.concat([status200(id), data(id, WHOLE)]), () => s.destroy()),
    ],
    [
      "data without headers",
      "malformed_response",
      "The endpoint answered something that is not HTTP.",
      (s, id) => s.write(data(id, WHOLE)),
    ],
    [
      "bytes that are no frames",
      "malformed_response",
      "The endpoint answered something that is not HTTP.",
      (s) => s.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".repeat(10)),
    ],
  ])("fails the job at %s", async (_what, errorCode, error, answer) => {
    using server = await startFrameServer(answer);
    const outcome = await soon(dispatcher({ eu: server.base }, { ca: CA })(job("eu"), never()));
    expect(outcome).toEqual({
      state: "failed",
      errorSource: "transport",
      errorCode,
      error,
      retry: {},
    });
    expect(server.requests()).toBe(1);
  });

  test("holds no more of an answer than it declares, however much comes", async () => {
    const chunk = "x".repeat(16_000);
    let poured = 0;
    using server = await startFrameServer((socket, id) => {
      socket.write(status200(id, WHOLE.length));
      const pour = (): void => {
        while (!socket.destroyed && poured < 256 * 1024 ** 2) {
          poured += chunk.length;
          if (!socket.write(data(id, chunk))) return;
        }
      };
      socket.on("drain", pour);
      pour();
    });
    const before = process.memoryUsage().rss;
    const outcome = await soon(dispatcher({ eu: server.base }, { ca: CA })(job("eu"), never()));
    expect(outcome.state).toBe("failed");
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 ** 2);
  });
});
