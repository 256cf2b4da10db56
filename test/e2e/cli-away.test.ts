/** volley run and a server that goes away: killed, restarted, or cut off between two words. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import { gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Api } from "../support/process.ts";
import { URL_FLAGS, volley } from "./cli.ts";
import { serve } from "./serving.ts";

const RUN = ["run", "t", ...URL_FLAGS, "--region", "eu"] as const;

describe("a server that goes away in the middle", () => {
  test("and comes back is followed further; the run is one run", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (request) => {
      await opened;
      return pass(request);
    });
    const data = join(folder.path, "data");
    const regions = { eu: endpoint.base };
    const first = await serve({ data, regions });
    const port = new URL(first.origin).port;
    const said = volley(first, [...RUN, "--run-id", "r"]);
    await eventually("the job is dispatched", () => endpoint.received.length === 1);
    await first.stop("SIGKILL");
    await using second = await serve({ data, regions, args: ["--port", port] });
    await eventually("it is dispatched again", () => endpoint.received.length === 2);
    open();
    const { code, stderr, stdout } = await said;
    expect(code).toBe(0);
    expect(stdout).toContain("1 result: 1 passed");
    // Quick restarts may pass between two looks.
    if (stderr !== "") expect(stderr).toMatch(/trying again for 30\.0 s\.\n.* answers again\.\n$/);
    expect((await second.api.summary("r")).jobs[0]?.attempts).toBe(2);
  });

  test("and stays away: says so, ends with 3, and tells how to look again", async () => {
    using folder = temporaryFolder();
    const { opened } = gate();
    using endpoint = startEndpoint(async () => {
      await opened;
      return new Response();
    });
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const said = volley(server, [...RUN, "--run-id", "r", "--reconnect", "1s"]);
    await eventually("the job is dispatched", () => endpoint.received.length === 1);
    await server.stop("SIGKILL");
    const { code, stderr } = await said;
    expect(code).toBe(3);
    expect(stderr).toContain("trying again for 1.0 s.");
    expect(stderr).toContain(`look again with: volley watch r --server ${server.origin}`);
  });
});

/** A relay before a server that spoils what `spoil` says: a fault on the way, not of volley. */
function relay(
  target: string,
  spoil: (request: Request, send: () => Promise<Response>) => Promise<Response | undefined>,
) {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = request.method === "POST" ? await request.text() : undefined;
      const send = () =>
        fetch(target + pathname + search, {
          method: request.method,
          headers: request.headers,
          ...(body === undefined ? {} : { body }),
        });
      return (await spoil(request, send)) ?? send();
    },
  });
}

describe("a connection that fails", () => {
  test("after the server took the submit starts no second run", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    let submits = 0;
    using between = relay(server.origin, async ({ method }, send) => {
      if (method !== "POST" || ++submits > 2) return undefined;
      await send();
      return new Response("", { status: 502 });
    });
    const { code, stderr } = await volley(between.url, [...RUN]);
    expect(code).toBe(0);
    expect(stderr).toContain("answered HTTP status 502; trying again");
    expect(submits).toBe(3);
    const { runs } = (await (await fetch(new Api(server.origin).base)).json()) as {
      runs: unknown[];
    };
    expect(runs).toHaveLength(1);
  });

  test("for events leaves the status to be asked, and nothing is missed", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    using between = relay(server.origin, async ({ url }) =>
      url.endsWith("/events") ? new Response("buffered", { status: 200 }) : undefined,
    );
    const { code, stdout } = await volley(between.url, [...RUN]);
    expect(code).toBe(0);
    expect(stdout.match(/^✓ pass/gm)).toHaveLength(1);
  });
});
