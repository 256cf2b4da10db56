/**
 * No endpoint that misbehaved keeps a slot among the runtime's requests. There are 256 of them:
 * each beast is met often enough to exhaust them if each meeting lost one.
 */
import { describe, expect, test } from "bun:test";

import { startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { type RawAnswer, startRawServer } from "../support/raw-server.ts";
import { dispatcher, job, never, soon } from "./dispatching.ts";
import { CHUNKED, flood, head, PASS } from "./zoo/beast.ts";

const SLOTS = 256;
const AT_ONCE = 50;
const MEETINGS = 6 * AT_ONCE;

const spaces = Buffer.alloc(65_536, 32);
const thenFlood =
  (start: string): RawAnswer =>
  (socket) => {
    socket.write(start);
    flood(socket, spaces);
  };

describe("remoteDispatch keeps no slot after an endpoint that", () => {
  test.each<[string, string, RawAnswer]>([
    ["redirects with an endless body", "redirect_refused", thenFlood("HTTP/1.1 302 Found\r\n\r\n")],
    [
      "announces too much and hangs",
      "response_too_large",
      (s) => s.write(head("content-length: 9999999")),
    ],
    ["fails and floods", "response_too_large", thenFlood("HTTP/1.1 500 Oops\r\n\r\n")],
    ["floods", "response_too_large", thenFlood(head())],
    [
      "resets within the body",
      "connection_reset",
      (s) => s.write(head("content-length: 99"), () => s.resetAndDestroy()),
    ],
  ])("%s", async (_name, errorCode, answer) => {
    using hostile = await startRawServer(answer);
    using good = startEndpoint();
    const dispatch = dispatcher({ bad: hostile.origin, good: good.base });
    for (let met = 0; met < MEETINGS; met += AT_ONCE) {
      const meetings = Array.from({ length: AT_ONCE }, () => dispatch(job("bad"), never()));
      const codes = (await soon(Promise.all(meetings))).map((outcome) => outcome.errorCode);
      expect(new Set(codes)).toEqual(new Set([errorCode]));
    }
    await expectAllSlotsFree(dispatch);
    expect(hostile.requests).toHaveLength(MEETINGS);
  });

  test.each<[string, RawAnswer]>([
    ["hangs", () => {}],
    ["hangs after the headers", (socket) => socket.write(head("content-length: 99"))],
    ["hangs within the body", (socket) => socket.write(CHUNKED + `9\r\n${PASS.slice(0, 9)}\r\n`)],
  ])("%s, once it is aborted", async (_name, answer) => {
    using hostile = await startRawServer(answer);
    using good = startEndpoint();
    const dispatch = dispatcher({ bad: hostile.origin, good: good.base });
    for (let met = AT_ONCE; met <= MEETINGS; met += AT_ONCE) {
      const { abort, signal } = aborting();
      const meetings = Array.from({ length: AT_ONCE }, () => dispatch(job("bad"), signal));
      await eventually("all are asked", () => hostile.requests.length === met);
      abort();
      const outcomes = await soon(Promise.all(meetings));
      expect(outcomes.every(({ state }) => state === "failed")).toBeTrue();
    }
    await eventually("the endpoint sees its clients go", () => hostile.open() === 0);
    await expectAllSlotsFree(dispatch);
  });
});

function aborting() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

/** More dispatches than slots, and among them as many at once as there are. */
async function expectAllSlotsFree(dispatch: ReturnType<typeof dispatcher>): Promise<void> {
  using waiting = startEndpoint(async ({ body }) => {
    await eventually("all are in flight", () => waiting.peak() >= SLOTS - 16);
    return Response.json({ results: body.runners.map(() => ({ status: "pass" })) });
  });
  const all = dispatcher({ good: waiting.base });
  const held = Array.from({ length: SLOTS - 16 }, () => all(job("good"), never()));
  const outcomes = await soon(Promise.all(held));
  expect(outcomes.every(({ state }) => state === "completed")).toBeTrue();
  for (let sent = 0; sent < 300; sent += AT_ONCE) {
    const good = Array.from({ length: AT_ONCE }, () => dispatch(job("good"), never()));
    for (const { state } of await soon(Promise.all(good))) expect(state).toBe("completed");
  }
}
