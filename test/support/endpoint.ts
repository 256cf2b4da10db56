/**
 * A stub runner endpoint over real HTTP that records what arrives and answers as told.
 */
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

export function startEndpoint(answer: Answer = pass): Endpoint {
  const received: Received[] = [];
  let inFlight = 0;
  let peak = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
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
    base: `http://127.0.0.1:${server.port}/api/runner`,
    received,
    inFlight: () => inFlight,
    peak: () => peak,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** A promise and its resolve, for an answer that waits for the test. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
