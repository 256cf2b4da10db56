/**
 * A runner endpoint that does nothing but answer. `?ms=` in a job's url is how long it takes;
 * `?gate` holds the answer until the gate is opened.
 *
 * Arguments: certificate and key, for HTTPS (HTTP/2 and HTTP/1.1) instead of HTTP.
 */
import { answerQuestions } from "./tool.ts";

/**
 * `origin`: where it listens. `received`: how many jobs arrived so far. `next`: answered when the
 * next job arrives. `open`, `close`: the gate.
 */
export type EndpointQuestion = "origin" | "received" | "next" | "open" | "close";

interface Body {
  readonly url: string;
  readonly runners: readonly { readonly name: string }[];
}

const [cert, key] = process.argv.slice(2);
let received = 0;
let gate = Promise.withResolvers<void>();
let next = Promise.withResolvers<void>();

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  development: false,
  ...(cert === undefined || key === undefined
    ? {}
    : { tls: { cert: Bun.file(cert), key: Bun.file(key) }, http2: true }),
  async fetch(request) {
    // What an endpoint says of itself is no job.
    if (request.method === "GET") return Response.json({ runners: [] });
    const { runners, url } = (await request.json()) as Body;
    received++;
    next.resolve();
    const at = url.indexOf("?ms=");
    if (at > 0) await Bun.sleep(Number(url.slice(at + 4)));
    else if (url.endsWith("?gate")) await gate.promise;
    return Response.json({ results: runners.map(({ name }) => ({ name, status: "pass" })) });
  },
});

answerQuestions(async (question: EndpointQuestion): Promise<string | number> => {
  switch (question) {
    case "origin":
      return server.url.origin;
    case "received":
      return received;
    case "next":
      next = Promise.withResolvers();
      await next.promise;
      return received;
    case "open":
      gate.resolve();
      return received;
    case "close":
      gate = Promise.withResolvers();
      return received;
  }
});
