/** Reports over HTTP: their commands reach the server that was asked, where it knows its origin. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { HandlerOptions } from "../../src/handler.ts";
import { serverName } from "../../src/http/server-name.ts";
import { type Endpoint, startEndpoint } from "../support/endpoint.ts";
import { regions, request, Served } from "./serving.ts";

let endpoint: Endpoint;
const open: Served[] = [];

beforeAll(() => {
  endpoint = startEndpoint(() => new Response("no", { status: 502 }));
});

afterAll(async () => {
  for (const served of open) await served[Symbol.asyncDispose]();
  endpoint[Symbol.dispose]();
});

function asked(headers: Readonly<Record<string, string>>): Request {
  return new Request("http://localhost/", { headers: { host: "127.0.0.1:4999", ...headers } });
}

/** A server with a run that has a red cell. */
async function withRun(options: HandlerOptions): Promise<{ api: Served; runId: string }> {
  const api = new Served({ regions: regions({ eu: endpoint.base }), ...options });
  open.push(api);
  const response = await api.post(request(["eu"]), { host: "127.0.0.1:3000" });
  const { runId } = (await response.json()) as { runId: string };
  await api.ended(runId);
  return { api, runId };
}

/** What follows the cell in the command of each report that has one. */
async function flags(options: HandlerOptions, headers: Readonly<Record<string, string>>) {
  const { api, runId } = await withRun(options);
  const texts = ["txt", "html"].map(async (format) => {
    const report = await (await api.get(`/${runId}/report.${format}`, { headers })).text();
    const text = report.replaceAll("&#39;", "'");
    return /volley run --rerun \S+ --cell '[^']+'(.*?)(?:<\/pre>)?$/m.exec(text)?.[1];
  });
  const [first, ...others] = await Promise.all(texts);
  for (const other of others) expect(other).toBe(first as string);
  return first;
}

describe("the command that runs a cell again", () => {
  test.each([
    ["127.0.0.1:4999", " --server http://127.0.0.1:4999"],
    ["LOCALHOST:80", " --server http://localhost"],
    ["[::1]:3000", " --server 'http://[::1]:3000'"],
    ["127.0.0.1:3000", ""],
  ])("names the server asked as %s", async (host, said) => {
    expect(await flags({ access: {} }, { host })).toBe(said);
  });

  test("names it by https where it speaks TLS, and by its public URL where it has one", async () => {
    const headers = { host: "127.0.0.1:3000" };
    expect(await flags({ access: { tls: true } }, headers)).toBe(
      " --server https://127.0.0.1:3000",
    );
    const publicUrl = "https://volley.example.com";
    expect(await flags({ access: { publicUrl } }, headers)).toBe(` --server ${publicUrl}`);
  });

  test("names none where the name may be another's: without checks, or without a Host", async () => {
    expect(await flags({}, { host: "evil.example" })).toBe("");
    expect(await flags({ access: {} }, {})).toBe("");
  });

  test("is not kept for who asks by another name", async () => {
    const { api, runId } = await withRun({ access: {} });
    const report = (host: string, etag = "") =>
      api.get(`/${runId}/report.txt`, { headers: { host, "if-none-match": etag } });
    const etag = (await report("127.0.0.1:4999")).headers.get("etag") ?? "";
    expect((await report("127.0.0.1:4999", etag)).status).toBe(304);
    expect((await report("localhost:4999", etag)).status).toBe(200);
  });
});

describe("serverName", () => {
  test.each([
    ["/volley/api/orchestrator", "http://127.0.0.1:4999/volley"],
    ["/volley", undefined],
  ])("below %s is %p", (basePath, name) => {
    expect(serverName({ basePath, settings: {} }, asked({}))).toBe(name);
  });

  test("is not taken from what a proxy hands on", () => {
    const named = { basePath: "/api/orchestrator", settings: {} };
    expect(serverName(named, asked({ "x-forwarded-proto": "https" }))).toBeUndefined();
  });
});
