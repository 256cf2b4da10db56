/** createOrchestratorHandler inside other servers, in this process. */
import { describe, expect, test } from "bun:test";

import { Elysia } from "elysia";
import { Hono } from "hono";

import type { OrchestratorHandler } from "../../src/handler.ts";
import { type Endpoint, startEndpoint } from "../support/endpoint.ts";
import { Api } from "../support/process.ts";
import { regions, request, Served } from "./serving.ts";

interface Mounted {
  readonly origin: string;
  readonly stop: () => unknown;
}

const served = (fetch: (asked: Request) => Response | Promise<Response>): Mounted => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
  return { origin: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
};

const MOUNTS: readonly [string, (handler: OrchestratorHandler) => Mounted][] = [
  ["Bun.serve as fetch", (handler) => served(handler)],
  ["Bun.serve as an object with fetch", (handler) => served(handler.fetch)],
  ["Elysia by mount", (handler) => served(new Elysia().mount(handler).fetch)],
  ["Elysia by mount of its fetch", (handler) => served(new Elysia().mount(handler.fetch).fetch)],
  [
    "Elysia by all",
    (handler) => {
      const app = new Elysia()
        .get("/own", () => "mine")
        .all("/api/orchestrator", ({ request: asked }) => handler(asked), { parse: "none" })
        .all("/api/orchestrator/*", ({ request: asked }) => handler(asked), { parse: "none" });
      return served(app.fetch);
    },
  ],
  [
    "Elysia that listens",
    (handler) => {
      const app = new Elysia().mount(handler).listen({ port: 0, hostname: "127.0.0.1" });
      return {
        origin: `http://127.0.0.1:${app.server?.port}`,
        stop: () => app.server?.stop(true),
      };
    },
  ],
  [
    "Hono",
    (handler) => {
      const app = new Hono().get("/own", (context) => context.text("mine"));
      app.all("/api/orchestrator/*", (context) => handler(context.req.raw));
      return served(app.fetch);
    },
  ],
  [
    "Hono by mount",
    (handler) => {
      const app = new Hono();
      app.mount("/", handler);
      return served(app.fetch);
    },
  ],
];

/** Submits, polls, reads; asks for the documentation; is refused. */
async function expectWorkingApi({ origin }: Mounted, endpoint: Endpoint): Promise<void> {
  const api = new Api(origin);
  const runId = await api.submit(request(["eu"]));
  expect(await api.ended(runId)).toMatchObject({ state: "completed", summary: { passed: 1 } });
  expect(endpoint.received).toHaveLength(1);
  const refused = await api.post({ mode: "remote", runners: [] });
  expect(refused.status).toBe(400);
  expect(refused.headers.get("content-type")).toBe("application/problem+json");
  expect(await refused.json()).toMatchObject({ code: "invalid_request" });
  expect((await api.post("{")).status).toBe(400);
  expect((await api.post("x".repeat(30_000))).status).toBe(413);
  expect((await fetch(`${api.base}/docs`)).headers.get("content-type")).toStartWith("text/html");
  expect((await (await fetch(`${api.base}/spec.json`)).json()) as object).toMatchObject({
    openapi: "3.1.1",
  });
  const many = Array.from({ length: 200 }, (_, index) => ({
    name: `r${index}`,
    region: "eu",
    input: { url: `https://example.com/${index}` },
  }));
  const large = await api.ended(await api.submit({ mode: "remote", runners: many }));
  expect(large.jobs).toHaveLength(200);
  expect((await fetch(`${api.base}/${runId}`, { method: "DELETE" })).status).toBe(405);
}

describe("createOrchestratorHandler mounted in", () => {
  test.each(MOUNTS)("%s, serves the whole API", async (_name, mount) => {
    using endpoint = startEndpoint();
    const served = { regions: regions({ eu: endpoint.base }), maxBody: 25_000 };
    await using api = new Served(served);
    const mounted = mount(api.handler);
    try {
      await expectWorkingApi(mounted, endpoint);
    } finally {
      await mounted.stop();
    }
  });
});
