/** Connections are reused while they are young and never past a server's keep-alive. */
import { describe, expect, test } from "bun:test";

import { gate } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { type RawAnswer, startRawServer } from "../support/raw-server.ts";
import { dispatcher, job, movableClock, never, soon } from "./dispatching.ts";
import { PASS, response } from "./zoo/beast.ts";

/** A server that resets what arrives on a connection idle for longer than `keepAliveMs`. */
function resettingWhenIdle(keepAliveMs: number, now: () => number): RawAnswer {
  const lastUsed = new Map<number, number>();
  return (socket, { connection }) => {
    const idle = now() - (lastUsed.get(connection) ?? now());
    lastUsed.set(connection, now());
    if (idle > keepAliveMs) socket.resetAndDestroy();
    else socket.write(response(PASS));
  };
}

describe("EndpointSessions", () => {
  test("reuses one connection for requests that follow each other", async () => {
    using server = await startRawServer((socket) => socket.write(response(PASS)));
    const dispatch = dispatcher({ eu: server.origin }, { monotonic: movableClock().now });
    for (let index = 0; index < 20; index++) {
      expect((await soon(dispatch(job("eu"), never()))).state).toBe("completed");
    }
    expect(server.connections()).toBe(1);
  });

  test("costs no job when a server gives up idle connections, whatever the spacing", async () => {
    const clock = movableClock();
    using server = await startRawServer(resettingWhenIdle(2_500, clock.now));
    const dispatch = dispatcher({ eu: server.origin }, { monotonic: clock.now });
    const spacings = [0, 1, 1_999, 2_000, 2_001, 2_400, 2_499, 2_500, 2_501, 2_600, 5_000, 60_000];
    for (const ms of [...spacings, ...spacings.toReversed()]) {
      clock.pass(ms);
      expect(await soon(dispatch(job("eu"), never()))).toMatchObject({ state: "completed" });
    }
    expect(server.requests).toHaveLength(2 * spacings.length);
  });

  test("costs no job when a server closes each connection after its answer", async () => {
    using server = await startRawServer((socket) => socket.end(response(PASS)));
    const dispatch = dispatcher({ eu: server.origin });
    for (let index = 0; index < 100; index++) {
      expect(await soon(dispatch(job("eu"), never()))).toMatchObject({ state: "completed" });
    }
    expect(server.requests).toHaveLength(100);
  });

  test("lets a request in flight finish on a session that was replaced", async () => {
    const clock = movableClock();
    const { open, opened } = gate();
    using server = await startRawServer(async (socket, { connection }) => {
      if (connection === 1) await opened;
      socket.write(response(PASS));
    });
    const dispatch = dispatcher({ eu: server.origin }, { monotonic: clock.now });
    const early = dispatch(job("eu"), never());
    await eventually("the first request arrives", () => server.requests.length === 1);
    clock.pass(10_000);
    expect((await soon(dispatch(job("eu"), never()))).state).toBe("completed");
    open();
    expect((await soon(early)).state).toBe("completed");
    expect(server.connections()).toBe(2);
  });

  test("leaves no idle connection of a replaced session open", async () => {
    const clock = movableClock();
    using server = await startRawServer((socket) => socket.write(response(PASS)));
    const dispatch = dispatcher({ eu: server.origin }, { monotonic: clock.now });
    for (let index = 0; index < 10; index++) {
      await Promise.all(Array.from({ length: 5 }, () => dispatch(job("eu"), never())));
      clock.pass(3_000);
    }
    await dispatch(job("eu"), never());
    await eventually("only the last connection is open", () => server.open() === 1);
  });

  test("leaves no connection open that was in use when its session was replaced", async () => {
    const clock = movableClock();
    const { open, opened } = gate();
    using server = await startRawServer(async (socket, { connection }) => {
      if (connection <= 5) await opened;
      socket.write(response(PASS));
    });
    const dispatch = dispatcher({ eu: server.origin }, { monotonic: clock.now });
    const early = Array.from({ length: 5 }, () => dispatch(job("eu"), never()));
    await eventually("the first requests arrive", () => server.requests.length === 5);
    clock.pass(10_000);
    await soon(dispatch(job("eu"), never()));
    open();
    for (const { state } of await soon(Promise.all(early))) expect(state).toBe("completed");
    await eventually("only the last connection is open", () => server.open() === 1);
  });

  test("keeps each region to its own connections", async () => {
    using one = await startRawServer((socket) => socket.write(response(PASS)));
    const dispatch = dispatcher({ a: one.origin, b: one.origin });
    await soon(dispatch(job("a"), never()));
    await soon(dispatch(job("b"), never()));
    expect(one.connections()).toBe(2);
  });
});
