/**
 * Requests made from the route table and its schemas, over all routes of both servers, mostly
 * wrong: whatever comes, the answer is no defect and tells nothing of the inside. Seeded: a
 * failure names its seed, which repeats it.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";

import type { TSchema } from "@sinclair/typebox";

import { issueKey, SCOPES } from "../../src/domain/key.ts";
import { createRunnerApp } from "../../src/http/runner-app.ts";
import { silentLog } from "../../src/lib/log.ts";
import { Metrics } from "../../src/lib/metrics.ts";
import { SqliteKeyStore } from "../../src/store/sqlite/keys.ts";
import { openDatabase } from "../../src/store/sqlite/open.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Guarded } from "./access/guarded.ts";
import { Fuzz, PLANTED } from "./fuzzing.ts";
import { problemOf, regions, request, Served, TOKEN } from "./serving.ts";

const CASES = 18_000;
const RUNNER_CASES = 4_000;
const AT_ONCE = 16;
const SEED = Number(process.env["VOLLEY_TEST_SEED"] ?? 20_260_202);

interface Route {
  readonly method: string;
  readonly path: string;
  readonly hooks: Partial<Record<"body" | "query" | "headers", TSchema>>;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const ODD_SEGMENTS = ["x", "%00", "%zz", "..", "%2e%2e", "a%2fb", "__proto__", "%f0%9f%98%80"];
const ODD_TEXTS = ["", "0", "-1", "1e9", "\u00e9", "x".repeat(300), "a,b", '"', "[object Object]"];
const HOSTS = ["localhost", "127.0.0.1:3000", "[::1]", "evil.example", "localhost, evil.example"];
const ORIGINS = ["http://localhost", "https://evil.example", "null", "x"];
const SITES = ["same-origin", "same-site", "cross-site", "none", "x"];
const TYPES = ["application/json", "application/json; charset=utf-8", "text/plain", "x/", ""];

/** What no answer may hold, whatever was sent. */
const INSIDE = [
  PLANTED,
  TOKEN,
  "node_modules",
  "additionalProperties",
  "TypeBox",
  "SELECT ",
  "SQLITE",
  "bun:sqlite",
];

/** Makes a request for one of the routes. `ids`: what may stand for `:runId`. */
function made(
  fuzz: Fuzz,
  routes: readonly Route[],
  ids: readonly string[],
  keys: readonly string[],
) {
  // What takes a body can be asked wrongly in most ways.
  const route = fuzz.pick(fuzz.chance(0.3) ? routes.filter(({ hooks }) => hooks.body) : routes);
  const segment = (): string => (fuzz.chance(0.85) ? fuzz.pick(ids) : fuzz.pick(ODD_SEGMENTS));
  const path = fuzz.chance(0.97)
    ? route.path.replace(/:\w+/g, segment)
    : `/${Array.from({ length: fuzz.random.integer(0, 4) }, () => fuzz.pick(ODD_SEGMENTS)).join("/")}`;
  const method = fuzz.chance(0.93) ? route.method : fuzz.pick(METHODS);
  const headers = new Headers({ host: fuzz.chance(0.97) ? "localhost" : fuzz.pick(HOSTS) });
  if (keys.length > 0 && fuzz.chance(0.95)) {
    headers.set("authorization", `Bearer ${fuzz.pick(keys)}`);
  }
  if (fuzz.chance(0.03)) headers.set("origin", fuzz.pick(ORIGINS));
  if (fuzz.chance(0.03)) headers.set("sec-fetch-site", fuzz.pick(SITES));
  if (fuzz.chance(0.03)) headers.set("cookie", fuzz.pick(["volley=x", "volley", ";;=;", "a=b"]));
  for (const name of ["if-none-match", ...Object.keys(properties(route.hooks.headers))]) {
    if (fuzz.chance(0.3))
      headers.set(name, fuzz.pick(["1", "abc", "*", 'W/"x"', ...ODD_TEXTS.slice(1, 4)]));
  }
  const url = `http://localhost${path}${query(fuzz, route)}`;
  if (method === "GET" || method === "HEAD") return new Request(url, { method, headers });
  const body = route.hooks.body ? fuzz.body(route.hooks.body) : fuzz.pick([undefined, "{}", "x"]);
  if (body !== undefined) {
    headers.set("content-type", fuzz.chance(0.95) ? "application/json" : fuzz.pick(TYPES));
  }
  return new Request(url, { method, headers, ...(body === undefined ? {} : { body }) });
}

function properties(schema: TSchema | undefined): Record<string, TSchema> {
  return (schema?.["properties"] as Record<string, TSchema> | undefined) ?? {};
}

function query(fuzz: Fuzz, route: Route): string {
  const known = Object.entries(properties(route.hooks.query));
  const pairs = known
    .filter(([name]) => name !== "wait" && fuzz.chance(0.3))
    .map(([name, schema]) => [
      name,
      fuzz.chance(0.7) ? String(fuzz.value(schema, 0)) : fuzz.pick(ODD_TEXTS),
    ]);
  if (fuzz.chance(0.05)) pairs.push([fuzz.pick(["x", "key", "__proto__", "wait"]), "0"]);
  if (fuzz.chance(0.03) && pairs[0]) pairs.push(pairs[0]);
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

/** Checks what holds for every answer; returns its status. */
async function check(response: Response, method: string): Promise<number> {
  const { status } = response;
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream")) {
    await response.body?.cancel();
    return status;
  }
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("x-request-id")).toMatch(/^req_/);
  if (status >= 400 && method !== "HEAD") {
    const { code } = await problemOf(response);
    expect(code).not.toBe("internal");
    return status;
  }
  const text = await response.text();
  // Documentation is full of words that answers must not hold.
  if (/^text\/(html|javascript|css)/.test(type) || text.startsWith('{"openapi"')) return status;
  for (const inside of INSIDE) expect(text).not.toContain(inside);
  if (text !== "" && type.startsWith("application/json")) JSON.parse(text);
  // Whatever names no type must be empty, or a browser would look for one in it.
  expect([type !== "", text === ""]).toContain(true);
  return status;
}

/** Sends so many requests, a few at a time; counts answers by route and by status. */
async function fuzz(
  count: number,
  send: (index: number) => { readonly request: Request; readonly answer: Promise<Response> },
): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  const one = async (index: number): Promise<void> => {
    const { answer, request: asked } = send(index);
    const what = `seed ${SEED + index}: ${asked.method} ${asked.url.slice(0, 300)}`;
    try {
      const status = await check(await answer, asked.method);
      if (status >= 500) throw new Error(`It answered ${status}.`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    } catch (error) {
      throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
    }
  };
  for (let start = 0; start < count; start += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, at) => start + at);
    await Promise.all(batch.map(one));
  }
  return statuses;
}

function atLeast(statuses: ReadonlyMap<number, number>, least: number, of: readonly number[]) {
  for (const status of of) {
    expect([status, (statuses.get(status) ?? 0) >= least]).toEqual([status, true]);
  }
}

describe("the orchestrator", () => {
  const folder = temporaryFolder();
  const endpoint = startEndpoint();
  let api: Served;
  let routes: readonly Route[];
  let keys: readonly string[];

  beforeAll(async () => {
    const store = new SqliteKeyStore(openDatabase(join(folder.path, "volley.sqlite")));
    const issued = SCOPES.map((scope) => ({ scope, ...issueKey() }));
    for (const { digest, id, scope } of issued) {
      await store.createKey({ id, name: scope, scope, digest, createdAt: 1 });
    }
    await store.close();
    const [read = "", write = "", admin = ""] = issued.map(({ text }) => text);
    keys = [write, write, write, admin, admin, read, issueKey().text, "x"];
    const names = { "us-east-1": endpoint.base, "eu-west-1": endpoint.base };
    api = new Served({
      data: folder.path,
      regions: regions(names),
      maxRunTime: 4_000,
      access: { maxSignInFailures: 1_000_000 },
    });
    await using guarded = new Guarded();
    routes = guarded.table as readonly Route[];
  });

  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    endpoint[Symbol.dispose]();
    folder[Symbol.dispose]();
  });

  test(`answers ${CASES} requests over all its routes (seed ${SEED})`, async () => {
    const authorization = `Bearer ${keys[0]}`;
    const ids = ["run_nobody", "docs"];
    for (let count = 0; count < 4; count++) {
      const response = await api.post(request(["us-east-1", "eu-west-1"]), { authorization });
      ids.push(((await response.json()) as { runId: string }).runId);
    }
    const reached = new Set<string>();
    const statuses = await fuzz(CASES, (index) => {
      const asked = made(new Fuzz(SEED + index), routes, ids, keys);
      reached.add(asked.method);
      return { request: asked, answer: api.handler(asked) };
    });
    expect(Array.from(reached).toSorted()).toEqual(METHODS.toSorted());
    // A fuzz that never gets in, or never fails, tests nothing.
    atLeast(statuses, 5, [200, 202, 204, 304, 400, 401, 403, 404, 405, 409, 415, 421, 422]);
    const unauthorized = (statuses.get(401) ?? 0) / CASES;
    expect(unauthorized).toBeLessThan(0.4);
    expect(await (await api.handler(new Request("http://localhost/healthz"))).json()).toEqual({
      status: "ok",
    });
  }, 600_000);
});

describe("the runner server", () => {
  test(`answers ${RUNNER_CASES} requests over all its routes (seed ${SEED})`, async () => {
    const app = createRunnerApp({
      runners: {
        catalog: async () => ({ runners: new Map(), faults: [], revision: "0" }),
        execute: async () => [],
        inputSchemas: async () => new Map(),
      },
      log: silentLog,
      metrics: new Metrics(),
      isDraining: () => false,
      maxBody: 100_000,
      keepOpen: () => {},
    });
    const routes = app.routes as unknown as readonly Route[];
    let refused = 0;
    const statuses = await fuzz(RUNNER_CASES, (index) => {
      const asked = made(new Fuzz(SEED + index), routes, ["x"], []);
      const answer = async (): Promise<Response> => {
        const response = await app.fetch(asked);
        // The SDK's own refusal of unknown runners is a 500, and no problem of ours.
        if (response.status !== 500) return response;
        expect(await response.text()).toContain("RUNNER_NOT_FOUND");
        refused++;
        return Response.json({}, { headers: response.headers });
      };
      return { request: asked, answer: answer() };
    });
    expect(refused).toBeGreaterThan(20);
    atLeast(statuses, 5, [200, 400, 404, 405, 415]);
  }, 600_000);
});
