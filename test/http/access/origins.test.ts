/** By which name a request came, and which page sent it: what a browser can be made to do. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { AccessSettings } from "../../../src/http/access/create-access.ts";
import { BASE, problemOf } from "../serving.ts";
import { bearer, Guarded } from "./guarded.ts";

const RUN = {
  runners: [{ name: "a", region: "eu", input: { url: "https://a.example" } }],
  mode: "remote",
};

/** Status of a submit with these headers, at a server without keys. */
async function submit(headers: Readonly<Record<string, string>>, settings?: AccessSettings) {
  await using server = new Guarded(settings);
  return (await server.send("POST", BASE, headers, RUN)).status;
}

describe("the Host header", () => {
  const own = ["localhost", "LOCALHOST:3000", "localhost.", "127.0.0.1", "127.0.0.1:3000"];
  test.each([...own, "[::1]:3000", "[::1]", "10.0.0.5:80", "[2001:db8::1]:3000"])(
    "%s is one of ours",
    async (host) => {
      expect(await submit({ host })).toBe(202);
    },
  );

  const foreign = [
    "evil.example",
    "evil.example:3000",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
  ];
  const odd = ["localhost, evil.example", "127.1", "0x7f.1", "2130706433", "localhost:80:80"];
  test.each([
    ...foreign,
    ...odd,
    "evil.example#localhost",
    "localhost@evil.example",
    "[::1",
    ":80",
    "x".repeat(5_000),
  ])("%p is not", async (host) => {
    await using server = new Guarded();
    const response = await server.send("GET", "/healthz", { host });
    expect(response.status).toBe(421);
    expect(await problemOf(response)).toMatchObject({ code: "unknown_host" });
  });

  test("may name what was configured, and nothing like it", async () => {
    const settings = {
      allowedHosts: ["volley", "Volley.Internal"],
      publicUrl: "https://v.example",
    };
    for (const host of ["volley:3000", "volley.internal", "v.example", "V.EXAMPLE:443"]) {
      expect([host, await submit({ host }, settings)]).toEqual([host, 202]);
    }
    for (const host of ["volley.evil.example", "x.v.example", "v.example.evil.example"]) {
      expect([host, await submit({ host }, settings)]).toEqual([host, 421]);
    }
  });
});

describe("a request that a page sent", () => {
  const CROSS = { "sec-fetch-site": "cross-site" };
  const VISIT = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  const cases: readonly [string, Record<string, string>, number][] = [
    ["no browser", {}, 202],
    ["our own page", { "sec-fetch-site": "same-origin", origin: "http://localhost" }, 202],
    ["a person", { "sec-fetch-site": "none" }, 202],
    ["a page elsewhere", { ...CROSS, origin: "https://evil.example" }, 403],
    ["a page elsewhere without an origin", CROSS, 403],
    [
      "another page of our site",
      { "sec-fetch-site": "same-site", origin: "http://localhost:9" },
      403,
    ],
    ["a form elsewhere", { ...CROSS, ...VISIT, origin: "https://evil.example" }, 403],
    ["a page in an old browser", { origin: "https://evil.example" }, 403],
    ["a sandboxed page", { origin: "null" }, 403],
    ["our page in an old browser", { origin: "http://localhost" }, 202],
    ["our name over TLS", { origin: "https://localhost" }, 403],
    ["our name at another port", { origin: "http://localhost:9" }, 403],
    ["a page that lies about its site", { "sec-fetch-site": "x", origin: "http://localhost" }, 403],
  ];

  test.each(cases)("%s", async (_who, headers, status) => {
    expect(await submit(headers)).toBe(status);
  });

  test("may be a link to a page here, and nothing that embeds it", async () => {
    await using server = new Guarded();
    const get = async (headers: Record<string, string>) =>
      (await server.send("GET", `${BASE}/docs`, { ...CROSS, ...headers })).status;
    expect(await get(VISIT)).toBe(200);
    expect(await get({})).toBe(403);
    expect(await get({ ...VISIT, "sec-fetch-dest": "iframe" })).toBe(403);
    expect(await get({ "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" })).toBe(403);
  });

  test("may come from the public address, or over TLS of ours", async () => {
    const publicUrl = "https://v.example";
    expect(await submit({ host: "localhost", origin: publicUrl }, { publicUrl })).toBe(202);
    expect(await submit({ host: "v.example", origin: "https://x.example" }, { publicUrl })).toBe(
      403,
    );
    expect(await submit({ origin: "https://localhost" }, { tls: true })).toBe(202);
    expect(await submit({ origin: "http://localhost" }, { tls: true })).toBe(403);
  });
});

describe("CORS", () => {
  const ALLOWED = "https://pages.example";
  let server: Guarded;
  let key: string;
  beforeAll(async () => {
    server = new Guarded({ corsOrigins: [ALLOWED] });
    key = await server.key("runs:write");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const preflight = (origin: string) =>
    server.send("OPTIONS", BASE, {
      origin,
      "sec-fetch-site": "cross-site",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    });

  test("answers an allowed origin beforehand, without a key", async () => {
    const response = await preflight(ALLOWED);
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": ALLOWED,
      "access-control-allow-methods": "GET, POST, DELETE",
      vary: "origin",
    });
    expect(response.headers.get("access-control-allow-headers")).toContain("authorization");
    expect(response.headers.has("access-control-allow-credentials")).toBeFalse();
  });

  test.each([
    "https://evil.example",
    "https://pages.example.evil.example",
    "http://pages.example",
    "null",
    "*",
  ])("does not answer %s", async (origin) => {
    const response = await preflight(origin);
    expect(response.status).toBe(403);
    expect(response.headers.has("access-control-allow-origin")).toBeFalse();
  });

  test("lets an allowed origin read every answer, refusals too, and needs its key", async () => {
    const from = { origin: ALLOWED, "sec-fetch-site": "cross-site" };
    for (const [headers, status] of [
      [from, 401],
      [{ ...from, ...bearer(key) }, 202],
    ] as const) {
      const response = await server.send("POST", BASE, headers, RUN);
      expect(response.status).toBe(status);
      expect(response.headers.get("access-control-allow-origin")).toBe(ALLOWED);
      expect(response.headers.get("access-control-expose-headers")).toContain("location");
    }
  });

  test("is not there unless it is configured", async () => {
    await using plain = new Guarded();
    const response = await plain.send("GET", "/healthz", { origin: "http://localhost" });
    expect(response.status).toBe(200);
    const names = [...response.headers.keys()];
    expect(names.filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

/** What a server with these settings tells browsers about TLS. */
async function transportOf(settings: AccessSettings): Promise<string | null> {
  await using server = new Guarded(settings);
  return (await server.send("GET", "/healthz")).headers.get("strict-transport-security");
}

describe("every answer", () => {
  test("keeps browsers on TLS once people have an address with it", async () => {
    expect(await transportOf({ publicUrl: "https://v.example" })).toBe("max-age=31536000");
    // By name of this machine, it would break whatever else is served there.
    expect(await transportOf({ tls: true })).toBeNull();
    expect(await transportOf({ publicUrl: "http://v.example" })).toBeNull();
  });

  test("carries the headers that keep a browser from making more of it", async () => {
    await using server = new Guarded();
    for (const [method, path] of [
      ...server.routes.map(([method, path]) => [method, path.replace(/:\w+/, "x")] as const),
      ["GET", "/nix"],
      ["PUT", "/healthz"],
    ] as const) {
      const response = await server.send(method, path);
      const policy = response.headers.get("content-security-policy") ?? "";
      expect([path, policy]).toEqual([path, expect.stringMatching(/^default-src 'none';/)]);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "cache-control": "no-store",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-request-id": expect.stringMatching(/^req_/),
      });
      await response.body?.cancel();
    }
  });
});
