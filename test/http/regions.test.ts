/** GET /regions over real endpoints, good and bad. */
import { describe, expect, test } from "bun:test";

import { InputSchemas, RegionList } from "../../src/domain/fleet.ts";
import type { Region } from "../../src/domain/region.ts";
import { schemaFaultsOf } from "./schema.ts";
import { problemOf, regions, Served, TOKEN } from "./serving.ts";

type Answer = (request: Request) => Response | Promise<Response>;

/** Endpoints by region, each with what it answers; none of them is at the port of another. */
function endpoints(answers: Readonly<Record<string, Answer>>) {
  const asked: string[] = [];
  const servers = Object.entries(answers).map(([name, fetch]) => ({
    name,
    server: Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      development: false,
      fetch: (request) => {
        asked.push(`${name} ${request.method} ${new URL(request.url).pathname}`);
        return fetch(request);
      },
    }),
  }));
  const urls = servers.map(({ name, server }) => [
    name,
    `http://127.0.0.1:${server.port}/api/runner`,
  ]);
  return {
    asked,
    regions: regions(Object.fromEntries(urls) as Record<string, string>),
    [Symbol.dispose]: () => servers.forEach(({ server }) => void server.stop(true)),
  };
}

const info =
  (value: object): Answer =>
  () =>
    Response.json(value);

async function listed(api: Served): Promise<RegionList["regions"]> {
  const response = await api.get("/regions");
  const text = await response.text();
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("application/json");
  expect(text).not.toContain(TOKEN);
  expect(text).not.toMatch(/127\.0\.0\.1|http:|api\/runner/);
  const list = JSON.parse(text) as RegionList;
  expect(schemaFaultsOf(RegionList, list)).toEqual([]);
  return list.regions;
}

describe("GET /regions", () => {
  test("tells health, latency, runners and drift, in the order of the configuration", async () => {
    using fleet = endpoints({
      us: info({ runners: ["a"], region: "us", version: "0.1.0" }),
      eu: info({ runners: ["a", "b"], count: 2, region: "eu", version: "0.1.0" }),
      silent: () => new Response("hello"),
    });
    await using api = new Served({ regions: fleet.regions });
    const [us, eu, silent, ...more] = await listed(api);
    expect(more).toEqual([]);
    expect(us).toMatchObject({
      name: "us",
      health: "healthy",
      runners: ["a"],
      reportedRegion: "us",
      version: "0.1.0",
      drift: [{ code: "missing_runners", runners: ["b"] }],
    });
    expect(eu).toMatchObject({ name: "eu", health: "healthy", runners: ["a", "b"], drift: [] });
    expect(Object.keys(silent ?? {}).toSorted()).toEqual([
      "checkedAt",
      "drift",
      "health",
      "history",
      "latencyMs",
      "name",
    ]);
    expect(us?.history).toEqual([{ at: us?.checkedAt ?? "", latencyMs: us?.latencyMs ?? -1 }]);
    expect(fleet.asked.toSorted()).toEqual([
      "eu GET /api/runner/info",
      "silent GET /api/runner/info",
      "us GET /api/runner/info",
    ]);
    await listed(api);
    expect(fleet.asked).toHaveLength(3);
  });

  test("sends the endpoint's token, and shows neither it nor the address", async () => {
    const authorization: (string | null)[] = [];
    using fleet = endpoints({
      eu: (request) => {
        authorization.push(request.headers.get("authorization"));
        return Response.json({ runners: [TOKEN, "a"], region: TOKEN, version: TOKEN });
      },
    });
    await using api = new Served({ regions: fleet.regions });
    const [eu] = await listed(api);
    expect(authorization).toEqual([`Bearer ${TOKEN}`]);
    expect(eu?.runners).toEqual(["[redacted]", "a"]);
  });

  test("says of each endpoint that fails how it does, within its limit", async () => {
    using fleet = endpoints({
      refusing: () => new Response("no", { status: 401 }),
      moved: () => Response.redirect("http://127.0.0.1:1/", 302),
      huge: () => new Response(" ".repeat(5 * 1024 ** 2)),
      hanging: () => new Promise<never>(() => {}),
      good: info({ runners: [] }),
    });
    const gone = new Map<string, Region>([["gone", { name: "gone", url: "http://127.0.0.1:1" }]]);
    await using api = new Served({ regions: new Map([...fleet.regions, ...gone]) });
    const started = performance.now();
    const list = await listed(api);
    expect(performance.now() - started).toBeLessThan(3 * 3_000);
    expect(Object.fromEntries(list.map(({ error, name }) => [name, error]))).toEqual({
      refusing: "The endpoint answered HTTP status 401.",
      moved: "The endpoint answered HTTP status 302.",
      huge: "The endpoint answered an info that cannot be read.",
      hanging: "The endpoint did not answer within 2000 ms.",
      good: undefined,
      gone: "The endpoint refused the connection.",
    });
    // What is known is told at once, and nobody asked again.
    const asked = fleet.asked.length;
    expect(await listed(api)).toEqual(list);
    expect(fleet.asked).toHaveLength(asked);
  }, 120_000);

  test("is empty where no region is configured, and takes GET only", async () => {
    await using api = new Served();
    expect(await listed(api)).toEqual([]);
    expect((await api.get("/regions", { method: "POST" })).status).toBe(405);
  });
});

describe("GET /regions/schemas", () => {
  test("tells what the runners of a region take", async () => {
    const inputSchemas = {
      a: { type: "object", properties: { selector: { type: "string" } } },
      huge: { type: "object", description: "x".repeat(300_000) },
      none: true,
    };
    using fleet = endpoints({ eu: info({ runners: ["a", "huge"], inputSchemas }) });
    await using api = new Served({ regions: fleet.regions });
    await listed(api);
    const response = await api.get("/regions/schemas?region=eu");
    const told: unknown = await response.json();
    expect(schemaFaultsOf(InputSchemas, told)).toEqual([]);
    expect(told).toEqual({ region: "eu", inputSchemas: { a: inputSchemas.a } });
  });

  test("knows the configured regions only", async () => {
    await using api = new Served();
    expect(await problemOf(await api.get("/regions/schemas?region=eu"))).toMatchObject({
      code: "not_found",
    });
    expect((await api.get("/regions/schemas")).status).toBe(400);
  });
});
