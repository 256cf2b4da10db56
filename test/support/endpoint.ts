/**
 * A stub runner endpoint over real HTTP that records what arrives and answers as told.
 */
import { TLS } from "./tls.ts";

export interface ExecuteBody {
  readonly url: string;
  readonly runners: readonly { readonly name: string; readonly input?: { readonly url: string } }[];
  readonly runId: string;
  readonly region: string;
}

export interface Received {
  readonly path: string;
  readonly headers: Headers;
  readonly body: ExecuteBody;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

export type Answer = (request: Received) => Response | Promise<Response>;

export interface Endpoint extends Disposable {
  /** Endpoint base, as in PLAYWRIGHT_RUNNERS. */
  readonly base: string;
  readonly received: readonly Received[];
  readonly port: number;
  /** Requests being answered now, and the most there ever were. */
  readonly inFlight: () => number;
  readonly peak: () => number;
}

/** Answers each runner with `pass`. */
export const pass: Answer = ({ body }) =>
  Response.json({
    region: body.region,
    runId: body.runId,
    results: body.runners.map(({ name }) => ({ name, status: "pass", durationMs: 1 })),
  });

export interface EndpointOptions {
  /** HTTPS: also over HTTP/2, or over HTTP/1.1 only. Default: plain HTTP. */
  readonly tls?: "http2" | "http1.1";
  readonly hostname?: string;
  readonly port?: number;
}

export function startEndpoint(
  answer: Answer = pass,
  { hostname = "127.0.0.1", port = 0, tls }: EndpointOptions = {},
): Endpoint {
  const received: Received[] = [];
  let inFlight = 0;
  let peak = 0;
  const server = Bun.serve({
    port,
    hostname,
    ...(tls === undefined ? {} : { tls: TLS, http2: tls === "http2" }),
    idleTimeout: 0,
    development: false,
    async fetch(request) {
      // Asked what it is, it does not tell, and records nothing: that is no work.
      if (request.method === "GET") return Response.json({});
      const body = (await request.json()) as ExecuteBody;
      const { headers, signal } = request;
      const entry = { path: new URL(request.url).pathname, headers, body, signal };
      received.push(entry);
      peak = Math.max(peak, ++inFlight);
      try {
        return await answer(entry);
      } finally {
        inFlight--;
      }
    },
  });
  return {
    base: `${server.protocol}://${hostname}:${server.port}/api/runner`,
    port: server.port ?? 0,
    received,
    inFlight: () => inFlight,
    peak: () => peak,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** How a request arrived: HTTP/2 has no `connection` header (RFC 9113, 8.2.2). */
export function versionOf({ headers }: Received): "http2" | "http1.1" {
  return headers.has("connection") ? "http1.1" : "http2";
}

/** A promise and its resolve, for an answer that waits for the test. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
