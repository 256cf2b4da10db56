/**
 * Every route with every kind of key, as the route table has them: a route that is added is in
 * this matrix without anybody thinking of it.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { issueKey, type Scope, SCOPES } from "../../../src/domain/key.ts";
import { createRunnerApp } from "../../../src/http/runner-app.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { Metrics } from "../../../src/lib/metrics.ts";
import { BASE, problemOf } from "../serving.ts";
import { bearer, Guarded } from "./guarded.ts";

/** The only requests that need no key. */
const OPEN = [
  "GET /healthz",
  "HEAD /healthz",
  "GET /readyz",
  "HEAD /readyz",
  "POST /api/session",
  "DELETE /api/session",
];
const READING = ["GET", "HEAD", "OPTIONS"];

function scopeOf(method: string, path: string): Scope {
  if (/^\/api\/keys(?![^/?])/.test(path)) return "admin";
  return READING.includes(method) ? "runs:read" : "runs:write";
}

let server: Guarded;
let requests: (readonly [method: string, path: string])[];
let texts: Map<string, string>;

beforeAll(async () => {
  server = new Guarded();
  const { id, text } = issueKey();
  const valid = await server.scopes();
  const admin = valid.get("admin") ?? "";
  texts = new Map([
    ...valid,
    ["nobody's", text],
    ["a valid id with another secret", `${admin.split(".")[0]}.${text.split(".")[1]}`],
    ["revoked", await server.key("admin", { revokedAt: server.now })],
    ["expired", await server.key("admin", { expiresAt: server.now })],
    ["without its prefix", admin.slice(4)],
    ["half", admin.slice(0, -20)],
    ["an id alone", `vly_${id}`],
    ["empty", ""],
    ["long", "x".repeat(8_000)],
  ]);
  const served = server.routes.map(([method, path]) => [method, path.replace(/:\w+/, "run_x")]);
  const beyond = served.flatMap(([method = "", path = ""]) => [
    [method === "GET" ? "HEAD" : "PATCH", path],
    ["OPTIONS", path],
    [method, `${path}/`],
    [method, `${path}%2f`],
    [method, `${path}?key=${admin}&access_token=${admin}`],
  ]);
  const unknown = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"].flatMap(
    (method) =>
      ["/", "/nix", "/HEALTHZ", "/healthz/x", `${BASE}/x/y/z`, "//healthz", "/metrics;x"].map(
        (path) => [method, path],
      ),
  );
  const unique = new Set([...served, ...beyond, ...unknown].map((pair) => pair.join(" ")));
  requests = Array.from(unique, (line) => line.split(" ") as [string, string]);
});

afterAll(() => server[Symbol.asyncDispose]());

/** The refusal, without what differs from answer to answer. */
async function refusal(response: Response): Promise<object> {
  const { requestId: _, ...problem } = await problemOf(response);
  return problem;
}

const isOpen = (method: string, path: string) => OPEN.includes(`${method} ${path.split("?")[0]}`);

describe("without a key that counts", () => {
  test("only what must be open is open, and nothing behind the door moves", async () => {
    expect(requests.length).toBeGreaterThan(100);
    const refused = new Set<string>();
    for (const [method, path] of requests) {
      if (isOpen(method, path)) continue;
      for (const [kind, text] of [["none", undefined], ...texts] as const) {
        if (SCOPES.some((scope) => scope === kind)) continue;
        const headers = text === undefined ? {} : bearer(text);
        const response = await server.send(method, path, headers);
        expect([method, path, kind, response.status].join(" ")).toBe(
          [method, path, kind, response.status === 429 ? 429 : 401].join(" "),
        );
        if (response.status === 429) server.monotonic += 60_000;
        else if (method !== "HEAD") refused.add(JSON.stringify(await refusal(response)));
        if (response.status === 401) {
          expect(response.headers.get("www-authenticate")).toBe("Bearer");
        }
      }
    }
    expect(server.touched).toBe(0);
    // One refusal for all: it tells nobody what was wrong, or what there is.
    expect(Array.from(refused)).toHaveLength(1);
  }, 120_000);

  test("what must be open answers", async () => {
    for (const [method, path] of requests) {
      if (!isOpen(method, path)) continue;
      const { status } = await server.send(method, path);
      // A sign-in without a body has no content type.
      expect([method, path, status]).toEqual([
        method,
        path,
        method === "POST" ? 415 : method === "DELETE" ? 204 : 200,
      ]);
    }
  });
});

describe("a key of scope", () => {
  test.each(SCOPES.map((scope) => [scope]))(
    "%s gets what it includes, and no more",
    async (scope) => {
      let allowed = 0;
      for (const [method, path] of requests) {
        if (isOpen(method, path)) continue;
        const response = await server.send(method, path, bearer(texts.get(scope) ?? ""));
        const needed = scopeOf(method, path);
        if (SCOPES.indexOf(scope) >= SCOPES.indexOf(needed)) {
          allowed++;
          const line = [method, path, response.status];
          expect(line).not.toEqual([method, path, 401]);
          expect(line).not.toEqual([method, path, 403]);
          await response.body?.cancel();
        } else {
          expect([method, path, response.status]).toEqual([method, path, 403]);
          expect(response.headers.get("www-authenticate")).toContain("insufficient_scope");
          expect(await problemOf(response)).toMatchObject({
            code: "insufficient_scope",
            detail: `This needs a key with the scope ${needed}.`,
          });
        }
      }
      expect(allowed).toBeGreaterThan(20);
    },
  );

  test("is checked before anything of the request is", async () => {
    const read = bearer(texts.get("runs:read") ?? "");
    const faulty = { runners: [{ nonsense: true }] };
    expect((await server.send("POST", BASE, {}, faulty)).status).toBe(401);
    expect((await server.send("POST", BASE, read, faulty)).status).toBe(403);
    const write = bearer(texts.get("runs:write") ?? "");
    expect((await server.send("POST", BASE, write, faulty)).status).toBe(400);
  });
});

const runnerApp = (more: { token?: string; allowedHosts?: string[] }) =>
  createRunnerApp({
    runners: {
      catalog: async () => ({ runners: new Map(), faults: [], revision: "0" }),
      execute: async () => [],
      inputSchemas: async () => new Map(),
    },
    log: silentLog,
    metrics: new Metrics(),
    isDraining: () => false,
    maxBody: 1_000,
    keepOpen: () => {},
    ...more,
  });

describe("the runner server", () => {
  test("with a token asks for it everywhere but for its probes", async () => {
    const app = runnerApp({ token: "the-token" });
    const served = app.routes.map(({ method, path }) => [method, path] as const);
    for (const [method, path] of [...served, ["GET", "/nix"], ["OPTIONS", "/metrics"]] as const) {
      for (const given of [undefined, "the-toke", "the-token"]) {
        const headers = given === undefined ? {} : bearer(given);
        const request = new Request(`http://localhost${path}`, { method, headers });
        const { status } = await app.fetch(request);
        const open = given === "the-token" || ["/healthz", "/readyz"].includes(path);
        expect([method, path, given, status === 401]).toEqual([method, path, given, !open]);
      }
    }
  });

  test("without one serves no page that came by another name, and none of another origin", async () => {
    const app = runnerApp({ allowedHosts: ["runner.internal"] });
    const status = async (headers: Record<string, string>) =>
      (await app.fetch(new Request("http://localhost/api/runner/info", { headers }))).status;
    for (const host of ["localhost:4000", "127.0.0.1", "runner.internal:4000"]) {
      expect([host, await status({ host })]).toEqual([host, 200]);
    }
    expect(await status({ host: "evil.example" })).toBe(421);
    expect(await status({ origin: "https://evil.example" })).toBe(403);
    expect(await status({ "sec-fetch-site": "cross-site" })).toBe(403);
  });
});
