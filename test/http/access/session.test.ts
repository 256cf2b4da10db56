/** /api/session: a key in, a cookie out, and what the cookie is good for. */
import { describe, expect, test } from "bun:test";

import { issueKey } from "../../../src/domain/key.ts";
import { BASE, problemOf } from "../serving.ts";
import { bearer, Guarded } from "./guarded.ts";

const PATH = "/api/session";
const OURS = { "sec-fetch-site": "same-origin" };
const HOURS = 3_600_000;

/** Signs in and returns the cookie as a browser would send it. */
async function signIn(server: Guarded, key: string): Promise<string> {
  const response = await server.send("POST", PATH, OURS, { key });
  if (response.status !== 200) throw new Error(`Sign-in answered ${response.status}.`);
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

describe("POST /api/session", () => {
  test.each([
    [{}, /^volley=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict; Expires=/, false],
    [{ tls: true }, /^__Host-volley=[A-Za-z0-9_-]{43}; /, true],
    [{ publicUrl: "https://v.example" }, /^__Host-volley=/, true],
    [{ publicUrl: "http://v.example" }, /^volley=/, false],
  ])("gives a cookie that fits %p", async (settings, shape, secure) => {
    await using server = new Guarded(settings);
    const key = await server.key("runs:write");
    const response = await server.send("POST", PATH, OURS, { key });
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(shape);
    expect(cookie.split("; ").includes("Secure")).toBe(secure);
    expect(cookie).not.toContain("Domain");
    expect(cookie).not.toContain(key.slice(-43));
    expect(await response.json()).toEqual({
      scope: "runs:write",
      name: "runs:write key",
      expiresAt: new Date(server.now + 12 * HOURS).toISOString(),
    });
  });

  test("refuses whatever is no key that counts, in the words of every other refusal", async () => {
    await using server = new Guarded();
    const revoked = await server.key("admin", { revokedAt: server.now });
    const expired = await server.key("admin", { expiresAt: server.now });
    for (const key of ["", "x", issueKey().text, revoked, expired]) {
      const response = await server.send("POST", PATH, OURS, { key });
      expect(response.status).toBe(401);
      expect(response.headers.has("set-cookie")).toBeFalse();
      expect(await problemOf(response)).toMatchObject({ code: "unauthorized" });
    }
    for (const body of [{}, { key: 1 }, { key: "x", more: 1 }, [], null]) {
      expect((await server.send("POST", PATH, OURS, body)).status).toBe(400);
    }
    expect((await server.send("POST", PATH, OURS, { key: "x".repeat(5_000) })).status).toBe(413);
    const cross = { "sec-fetch-site": "cross-site" };
    expect((await server.send("POST", PATH, cross, { key: "x" })).status).toBe(403);
  });
});

describe("a session", () => {
  test("does what its key may do, for pages of this server", async () => {
    await using server = new Guarded();
    const cookie = await signIn(server, await server.key("runs:write"));
    const cancel = async (headers: Record<string, string>) =>
      (await server.send("POST", `${BASE}/run_x/cancel`, { cookie, ...headers })).status;
    expect(await cancel(OURS)).toBe(202);
    expect(await cancel({ origin: "http://localhost" })).toBe(202);
    // Nothing says that a page of ours asked.
    expect(await cancel({})).toBe(401);
    expect(await cancel({ "sec-fetch-site": "none" })).toBe(401);
    expect(await cancel({ "sec-fetch-site": "same-site" })).toBe(403);
    const who = await server.send("GET", PATH, { cookie: `a=b; ${cookie}; c=d` });
    expect(await who.json()).toMatchObject({ scope: "runs:write", name: "runs:write key" });
    const reader = await signIn(server, await server.key("runs:read"));
    const asReader = { ...OURS, cookie: reader };
    expect((await server.send("POST", `${BASE}/run_x/cancel`, asReader)).status).toBe(403);
  });

  test("gives an allowed origin elsewhere nothing", async () => {
    const origin = "https://pages.example";
    await using server = new Guarded({ corsOrigins: [origin] });
    const cookie = await signIn(server, await server.key("admin"));
    for (const site of ["same-site", "cross-site"]) {
      const headers = { cookie, origin, "sec-fetch-site": site };
      expect((await server.send("POST", `${BASE}/run_x/cancel`, headers)).status).toBe(401);
    }
  });

  test("ends with its time, its key, or on request", async () => {
    await using server = new Guarded();
    const key = await server.key("admin");
    const status = async (cookie: string) => (await server.send("GET", PATH, { cookie })).status;
    const timed = await signIn(server, key);
    server.now += 12 * HOURS - 1;
    expect(await status(timed)).toBe(200);
    server.now += 1;
    expect(await status(timed)).toBe(401);

    const left = await signIn(server, key);
    const stays = await signIn(server, key);
    const out = await server.send("DELETE", PATH, { ...OURS, cookie: left });
    expect(out.status).toBe(204);
    expect(out.headers.get("set-cookie")).toMatch(/^volley=; .*Max-Age=0/);
    expect(await status(left)).toBe(401);
    expect(await status(stays)).toBe(200);

    await server.keys.revokeKey(key.slice(4, 20), server.now);
    expect(await status(stays)).toBe(401);
  });

  test("is not found under another cookie's name, nor as a bearer token", async () => {
    await using server = new Guarded({ tls: true });
    const cookie = await signIn(server, await server.key("admin"));
    const token = cookie.slice(cookie.indexOf("=") + 1);
    for (const headers of [{ cookie: `volley=${token}` }, bearer(token), { cookie: token }]) {
      expect((await server.send("GET", PATH, headers)).status).toBe(401);
    }
    expect((await server.send("GET", PATH, { cookie })).status).toBe(200);
  });
});

describe("a server that has had a key", () => {
  test("lets everybody in until the first, and nobody without one from then on", async () => {
    await using server = new Guarded();
    const status = async () => (await server.send("GET", BASE)).status;
    expect(await status()).toBe(200);
    expect(await (await server.send("GET", PATH)).json()).toEqual({ scope: "admin" });
    const key = await server.key("runs:read");
    expect(await status()).toBe(401);
    await server.keys.revokeKey(key.slice(4, 20), server.now);
    expect(await status()).toBe(401);
  });

  test("answers nobody through a proxy before", async () => {
    await using server = new Guarded();
    for (const name of [
      "X-Forwarded-For",
      "Forwarded",
      "X-Real-IP",
      "X-Forwarded-Host",
      "X-Forwarded-Proto",
      "Via",
      "CF-Connecting-IP",
    ]) {
      const response = await server.send("GET", BASE, { [name]: "192.0.2.1" });
      expect([name, response.status]).toEqual([name, 401]);
      expect((await problemOf(response)).detail).toContain("volley key create");
    }
    const key = await server.key("runs:read");
    const headers = { ...bearer(key), "x-forwarded-for": "192.0.2.1" };
    expect((await server.send("GET", BASE, headers)).status).toBe(200);
  });

  test("asks for one from the start if it has to", async () => {
    await using server = new Guarded({ requireKey: true });
    expect((await server.send("GET", BASE)).status).toBe(401);
  });

  test("accepts the key of its file, which is kept nowhere", async () => {
    const { text } = issueKey();
    await using server = new Guarded({ adminKey: text });
    expect((await server.send("GET", BASE)).status).toBe(401);
    expect((await server.send("POST", `${BASE}/x/cancel`, bearer(text))).status).toBe(202);
    const cookie = await signIn(server, text);
    expect((await server.send("GET", BASE, { cookie })).status).toBe(200);
    expect(await server.keys.listKeys()).toEqual([]);
  });
});

/** Opens an event stream: what it asks at its heartbeats. */
async function opened(server: Guarded, headers: Record<string, string>, query = "") {
  const response = await server.send("GET", `${BASE}/run_x/events${query}`, headers);
  expect(response.status).toBe(200);
  await response.body?.cancel();
  const { mayGoOn } = server;
  if (!mayGoOn) throw new Error("No stream was opened.");
  return mayGoOn;
}

describe("an open event stream", () => {
  test("may go on as long as its key or session counts", async () => {
    await using server = new Guarded();
    const key = await server.key("runs:read");
    const streams = [
      await opened(server, bearer(key)),
      await opened(server, bearer(key), "?detail=progress"),
      await opened(server, { cookie: await signIn(server, key) }),
    ];
    const may = () => Promise.all(streams.map((mayGoOn) => mayGoOn()));
    expect(await may()).toEqual([true, true, true]);
    server.now += 12 * 3_600_000;
    expect(await may()).toEqual([true, true, false]);
    await server.keys.revokeKey(key.slice(4, 20), server.now);
    expect(await may()).toEqual([false, false, false]);
  });

  test("that needed no key may go on until there is one", async () => {
    await using server = new Guarded();
    const mayGoOn = await opened(server, {});
    expect(await mayGoOn()).toBe(true);
    await server.key("runs:read");
    expect(await mayGoOn()).toBe(false);
  });
});

test("an unusable key store closes the door, and says that it is the store", async () => {
  await using server = new Guarded();
  const key = await server.key("admin");
  await server.keys.close();
  for (const headers of [{}, bearer(key), { cookie: `volley=${"x".repeat(43)}` }]) {
    expect((await server.send("GET", BASE, headers)).status).toBe(503);
  }
  expect((await server.send("GET", "/healthz")).status).toBe(200);
});
