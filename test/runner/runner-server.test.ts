/** The runner server as a whole: its token, its queue, its documentation. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import { Validator } from "@seriousme/openapi-schema-validator";

import { createRunnerApp } from "../../src/http/runner-app.ts";
import { SignatureCheck } from "../../src/http/signature-check.ts";
import { silentLog } from "../../src/lib/log.ts";
import { Metrics } from "../../src/lib/metrics.ts";
import { parseSigningKeys, signatureHeaders } from "../../src/lib/signature.ts";
import { eventually } from "../support/eventually.ts";
import { openPool } from "./harness.ts";

const url = "http://127.0.0.1/";

async function serve(
  options: {
    token?: string;
    signature?: SignatureCheck;
    hosts?: number;
    maxQueued?: number;
    dir?: string;
  } = {},
) {
  const { signature, token, ...limits } = options;
  const { pool } = await openPool(limits);
  const app = createRunnerApp({
    runners: pool,
    log: silentLog,
    metrics: new Metrics(),
    isDraining: () => false,
    maxBody: 10_000,
    keepOpen: () => {},
    ...(token === undefined ? {} : { token }),
    ...(signature === undefined ? {} : { signature }),
  });
  const ask = (path: string, init?: RequestInit): Promise<Response> =>
    Promise.resolve(app.handle(new Request(`http://localhost${path}`, init)));
  const execute = (runners: readonly unknown[], init: RequestInit = {}): Promise<Response> =>
    ask("/api/runner/execute", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url, runners }),
      ...init,
    });
  return { pool, ask, execute, [Symbol.asyncDispose]: () => pool.close() };
}

describe("a runner server with a token", () => {
  test.each([
    ["no token", undefined],
    ["another token", "Bearer wrong"],
    ["a longer token", "Bearer secrets"],
    ["another scheme", "Basic secret"],
  ])("refuses requests with %s, before it reads them", async (_what, authorization) => {
    await using served = await serve({ token: "secret" });
    const headers = authorization === undefined ? {} : { authorization };
    for (const path of [
      "/execute",
      "/info",
      "/docs",
      "/docs/init.js",
      "/spec.json",
      "/nothing",
      "/../../metrics",
    ]) {
      const method = path === "/execute" ? "POST" : "GET";
      const body = method === "POST" ? { body: "{ not even JSON" } : {};
      const response = await served.ask(`/api/runner${path}`, { method, headers, ...body });
      expect([path, response.status]).toEqual([path, 401]);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await response.json()).toMatchObject({ code: "unauthorized", status: 401 });
    }
  });

  test("serves those who know it, and liveness to everybody", async () => {
    await using served = await serve({ token: "secret" });
    const headers = { authorization: "bearer secret", "content-type": "application/json" };
    expect((await served.execute(["echo"], { headers })).status).toBe(200);
    expect((await served.ask("/api/runner/info", { headers })).status).toBe(200);
    expect((await served.ask("/healthz")).status).toBe(200);
    expect((await served.ask("/readyz")).status).toBe(200);
  });
});

describe("a runner server with a signing secret", () => {
  const keys = parseSigningKeys(`whsec_${Buffer.alloc(32, 1).toString("base64")}`) ?? [];
  const type = { "content-type": "application/json" };
  const body = JSON.stringify({ url, runners: ["echo"] });

  test("executes what is signed, once, and answers anything else 401", async () => {
    await using served = await serve({ signature: new SignatureCheck(keys, Date.now) });
    const post = (headers: Record<string, string>, bytes = body) =>
      served.execute([], { headers: { ...type, ...headers }, body: bytes });
    const signed = { ...signatureHeaders(keys, { id: "msg_1", now: Date.now(), body }) };
    expect((await post(signed, body.replace("echo", "slow"))).status).toBe(401);
    expect((await post(signed)).status).toBe(200);
    for (const headers of [signed, {}, { authorization: "Bearer secret" }]) {
      const response = await post(headers);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: "unauthorized" });
    }
  });

  test("does not say what is wrong with a body that is not signed", async () => {
    await using served = await serve({ signature: new SignatureCheck(keys, Date.now) });
    const headers = { ...type, ...signatureHeaders(keys, { id: "msg_1", now: Date.now(), body }) };
    const response = await served.execute([], { headers, body: "{ not even JSON" });
    expect(response.status).toBe(401);
  });
});

describe("a runner server whose hosts are busy", () => {
  test("lets as many jobs wait as it may, and refuses the next", async () => {
    await using served = await serve({ hosts: 1, maxQueued: 1 });
    const slow = [{ name: "slow", input: { ms: 400 } }];
    const accepted = [served.execute(slow), served.execute(slow)];
    const refused = await eventually("the queue is full", async () => {
      const response = await served.execute(["echo"]);
      return response.status === 429 && response;
    });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({ code: "at_capacity" });
    for (const response of accepted) expect((await response).status).toBe(200);
    expect((await served.execute(["echo"])).status).toBe(200);
  });
});

describe("the documentation of a runner server", () => {
  test("is a valid OpenAPI document of its routes", async () => {
    await using served = await serve();
    const document = (await (await served.ask("/api/runner/spec.json")).json()) as {
      openapi: string;
      paths: object;
    };
    expect(document.openapi).toBe("3.1.1");
    expect(Object.keys(document.paths).toSorted()).toEqual([
      "/api/runner/execute",
      "/api/runner/info",
      "/healthz",
      "/metrics",
      "/readyz",
    ]);
    expect(await new Validator().validate(document)).toMatchObject({ valid: true });
  });

  test("holds the inputs of its runners", async () => {
    const dir = join(import.meta.dir, "..", "fixtures", "examples");
    await using served = await serve({ dir });
    const document = (await eventually("the schemas are gathered", async () => {
      const response = await served.ask("/api/runner/spec.json");
      const answer = (await response.json()) as { components: { schemas: object } };
      return "Input.titleTest" in answer.components.schemas && answer;
    })) as { components: { schemas: Record<string, object> } };
    const { schemas } = document.components;
    expect(Object.keys(schemas)).toEqual(["Problem", "Input.titleTest", "Input.consentBannerTest"]);
    expect(schemas["Input.titleTest"]).toEqual({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title: "Input of titleTest",
      type: "object",
      properties: { url: { type: "string" }, timeout: { type: "number", default: 5000 } },
      required: ["url"],
    });
    expect(await new Validator().validate(document)).toMatchObject({ valid: true });
  });

  test("is a page that needs no other host", async () => {
    await using served = await serve();
    const page = await (await served.ask("/api/runner/docs")).text();
    expect(page).toContain("/api/runner/docs/swagger-ui-bundle.js");
    expect(page).not.toMatch(/https?:\/\//);
    expect((await served.ask("/api/runner/docs/init.js")).status).toBe(200);
  });
});
