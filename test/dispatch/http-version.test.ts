/** Which version of HTTP a TLS endpoint is spoken to in, and that changing it loses no job. */
import { describe, expect, test } from "bun:test";
import { createServer as createTcpServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";

import { type Endpoint, pass, startEndpoint, versionOf } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { startRawServer } from "../support/raw-server.ts";
import { CA, TLS } from "../support/tls.ts";
import { dispatcher, job, movableClock, never, soon } from "./dispatching.ts";
import { PASS, response } from "./zoo/beast.ts";

const MINUTE = 60_000;

const versions = ({ received }: Endpoint) => received.map(versionOf);

describe("remoteDispatch to a TLS endpoint", () => {
  test.each(["http2", "http1.1"] as const)(
    "speaks %s where that is what it offers",
    async (tls) => {
      using endpoint = startEndpoint(pass, { tls });
      const dispatch = dispatcher({ eu: endpoint.base }, { ca: CA });
      const outcomes = Array.from({ length: 20 }, () => dispatch(job("eu"), never()));
      for (const { state } of await soon(Promise.all(outcomes))) expect(state).toBe("completed");
      expect(versions(endpoint)).toEqual(Array.from({ length: 20 }, () => tls));
    },
  );

  test("speaks HTTP/1.1 when told to", async () => {
    using endpoint = startEndpoint(pass, { tls: "http2" });
    const dispatch = dispatcher({ eu: endpoint.base }, { ca: CA, http1: true });
    expect((await soon(dispatch(job("eu"), never()))).state).toBe("completed");
    expect(versions(endpoint)).toEqual(["http1.1"]);
  });

  test("speaks HTTP/1.1 to a server that refuses handshakes without it", async () => {
    await using server = await startStrictServer();
    const dispatch = dispatcher({ eu: server.base }, { ca: CA });
    expect((await soon(dispatch(job("eu"), never()))).state).toBe("completed");
  });

  test("asks again after minutes whether there is HTTP/2 now, and no job waits for it", async () => {
    const clock = movableClock();
    const old = startEndpoint(pass, { tls: "http1.1" });
    const dispatch = dispatcher({ eu: old.base }, { ca: CA, monotonic: clock.now });
    const one = async (): Promise<void> => {
      expect((await soon(dispatch(job("eu"), never()))).state).toBe("completed");
    };
    await one();
    expect(versions(old)).toEqual(["http1.1"]);
    old[Symbol.dispose]();
    using newer = startEndpoint(pass, { tls: "http2", port: old.port });
    for (const minutes of [1, 1, 1, 1, 1]) {
      clock.pass(minutes * MINUTE);
      await one();
    }
    expect(new Set(versions(newer))).toEqual(new Set(["http1.1"]));
    clock.pass(1);
    await one();
    // The job that found the answer old went out as before.
    expect(versions(newer).at(-1)).toBe("http1.1");
    await eventually("a job goes out over HTTP/2", async () => {
      await one();
      return versions(newer).at(-1) === "http2";
    });
  });

  test("falls back within a dispatch when the server has lost its HTTP/2, and sends it once", async () => {
    const clock = movableClock();
    const newer = startEndpoint(pass, { tls: "http2" });
    const dispatch = dispatcher({ eu: newer.base }, { ca: CA, monotonic: clock.now });
    await soon(dispatch(job("eu"), never()));
    expect(versions(newer)).toEqual(["http2"]);
    newer[Symbol.dispose]();
    using old = startEndpoint(pass, { tls: "http1.1", port: newer.port });
    clock.pass(10_000);
    const outcomes = Array.from({ length: 50 }, () => dispatch(job("eu"), never()));
    for (const { state } of await soon(Promise.all(outcomes))) expect(state).toBe("completed");
    const ids = old.received.map(({ headers }) => headers.get("idempotency-key"));
    expect(ids).toHaveLength(50);
    expect(new Set(ids).size).toBe(50);
  });

  test("never sends twice when a handshake fails: that job fails, and the next asks anew", async () => {
    const clock = movableClock();
    const newer = startEndpoint(pass, { tls: "http2" });
    const dispatch = dispatcher({ eu: newer.base }, { ca: CA, monotonic: clock.now });
    await soon(dispatch(job("eu"), never()));
    newer[Symbol.dispose]();
    await using strict = await startStrictServer(newer.port);
    clock.pass(10_000);
    expect(await soon(dispatch(job("eu"), never()))).toMatchObject({
      state: "failed",
      errorCode: "tls_error",
      retry: {},
    });
    expect(strict.requests()).toBe(0);
    expect((await soon(dispatch(job("eu"), never()))).state).toBe("completed");
    expect(strict.requests()).toBe(1);
  });

  test("makes one handshake for all jobs that wait for it, and lets each go at its limit", async () => {
    let connections = 0;
    const silent = createTcpServer((socket) => {
      connections++;
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = silent.address() as { port: number };
      const dispatch = dispatcher({ eu: `https://127.0.0.1:${port}` }, { ca: CA });
      const limit = new AbortController();
      const outcomes = Array.from({ length: 50 }, () => dispatch(job("eu"), limit.signal));
      await eventually("the server is asked", () => connections > 0);
      limit.abort();
      for (const { state } of await soon(Promise.all(outcomes))) expect(state).toBe("failed");
      expect(connections).toBe(1);
    } finally {
      silent.close();
    }
  });

  test("tells why an endpoint cannot be reached, and finds its HTTP/2 once it can", async () => {
    const gone = startEndpoint(pass, { tls: "http2" });
    gone[Symbol.dispose]();
    const dispatch = dispatcher({ eu: gone.base }, { ca: CA });
    const outcome = await soon(dispatch(job("eu"), never()));
    expect(outcome.errorCode).toBe("connection_refused");
    using back = startEndpoint(pass, { tls: "http2", port: gone.port });
    expect((await soon(dispatch(job("eu"), never()))).state).toBe("completed");
    expect(versions(back)).toEqual(["http2"]);
  });

  test("asks nothing of an endpoint without TLS", async () => {
    using server = await startRawServer((socket) => socket.write(response(PASS)));
    await soon(dispatcher({ eu: server.origin })(job("eu"), never()));
    expect(server.connections()).toBe(1);
  });
});

/**
 * A server of HTTP/1.1 that ends a handshake which offers only HTTP/2 with an alert, as most
 * servers do (RFC 7301, 3.2).
 */
async function startStrictServer(port = 0) {
  let requests = 0;
  const server = createTlsServer({ ...TLS, ALPNProtocols: ["http/1.1"] }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      if (!chunk.toString("latin1").startsWith("POST ")) return;
      requests++;
      socket.write(response(PASS));
    });
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as { port: number };
  return {
    base: `https://127.0.0.1:${address.port}`,
    requests: () => requests,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}
