/**
 * A runner endpoint that does nothing but answer: a process of its own, so that what is measured
 * shares no event loop with it. Prints its port. `?ms=` in a job's url is how long it takes.
 */
import { availableParallelism } from "node:os";

interface Body {
  readonly url: string;
  readonly runners: readonly { readonly name: string }[];
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  development: false,
  async fetch(request) {
    const { runners, url } = (await request.json()) as Body;
    const at = url.indexOf("?ms=");
    if (at > 0) await Bun.sleep(Number(url.slice(at + 4)));
    return Response.json({ results: runners.map(({ name }) => ({ name, status: "pass" })) });
  },
});
console.log(JSON.stringify({ port: server.port, cpus: availableParallelism() }));
