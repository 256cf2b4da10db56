import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { version } from "../../package.json" with { type: "json" };
import { createRunnerApp } from "../../src/http/runner-app.ts";
import { silentLog } from "../../src/lib/log.ts";
import { Metrics } from "../../src/lib/metrics.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { hostsOf, openPool, type Pool, startPage } from "./harness.ts";

interface Served extends AsyncDisposable {
  readonly origin: string;
  readonly pool: Pool;
  /** How many connections were asked to stay open. */
  readonly kept: () => number;
  readonly execute: (body: unknown, headers?: Record<string, string>) => Promise<Response>;
}

/** The runner server's app behind a real socket. */
async function serve(
  options: { dir?: string; region?: string; hosts?: number } = {},
): Promise<Served> {
  const { region, ...hosting } = options;
  let kept = 0;
  const pool = await openPool(hosting);
  const app = createRunnerApp({
    isDraining: () => false,
    metrics: new Metrics(),
    runners: pool.pool,
    log: silentLog,
    maxBody: 10_000,
    keepOpen: (request) => {
      kept++;
      server.timeout(request, 0);
    },
    ...(region === undefined ? {} : { region }),
  });
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: app.fetch });
  const origin = `http://127.0.0.1:${server.port}`;
  return {
    origin,
    pool,
    kept: () => kept,
    execute: (body, headers = { "content-type": "application/json" }) =>
      fetch(`${origin}/api/runner/execute`, {
        method: "POST",
        headers,
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: async () => {
      await server.stop(true);
      await pool.pool.close();
    },
  };
}

const url = "http://127.0.0.1/";
const REGION = "eu-west-1";

describe("whatever else is asked for", () => {
  test("is told where the runners are", async () => {
    await using served = await serve();
    for (const path of ["/", "/execute", "/info", "/api"]) {
      const response = await fetch(served.origin + path, { method: "POST" });
      expect([path, response.status, await response.json()]).toMatchObject([
        path,
        404,
        { detail: "There is nothing here; the runners are at /api/runner." },
      ]);
    }
  });
});

describe("POST /api/runner/execute", () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve({ region: REGION });
  });
  afterAll(() => served[Symbol.asyncDispose]());

  test("executes runners in order and answers under the names the functions gave", async () => {
    const runners = [
      { name: "fetches", input: { url: "http://127.0.0.1:1/" } },
      { name: "throws", input: {} },
      { name: "noVerdict" },
    ];
    const page = `${served.origin}/healthz`;
    const response = await served.execute({ url: page, runners, runId: "run_1", region: "other" });
    expect(response.status).toBe(200);
    const durationMs = expect.any(Number);
    expect(await response.json()).toEqual({
      region: REGION,
      runId: "run_1",
      results: [
        {
          name: "fetches",
          status: "pass",
          details: { status: 200, text: '{"status":"ok"}' },
          durationMs,
        },
        {
          name: "unknown",
          status: "error",
          errorMessage: "boom",
          errorCode: "thrown",
          errorSource: "runner",
          durationMs,
        },
        { name: "no_verdict", status: "error", errorMessage: "The page has no title.", durationMs },
      ],
    });
  });

  test("takes plain names, and answers a wrapped body in the same wrapping", async () => {
    const body = { url, runners: ["echo"], runId: "run_2" };
    const plain = await (await served.execute(body)).json();
    const wrapped = await (await served.execute({ json: body })).json();
    expect(plain).toMatchObject({ results: [{ name: "echoed", status: "pass" }] });
    expect(wrapped).toMatchObject({ json: { runId: "run_2", results: [{ name: "echoed" }] } });
  });

  test("carries logs, and fields it does not know do not hurt", async () => {
    const runners = [{ name: "logs", input: { count: 1 }, timeout: 5 }];
    const response = await served.execute({ url, runners, mode: "remote" });
    const line = { at: expect.any(String), message: "line 1", meta: { index: 1 } };
    expect(await response.json()).toMatchObject({ results: [{ name: "logs", logs: [line] }] });
  });

  test("refuses a request that lacks runners, as the SDK does, naming all of them", async () => {
    const body = { url, runners: ["nope", "echo", "nope", "constructor"] };
    const response = await served.execute(body);
    expect(response.status).toBe(500);
    const { data, ...rest } = (await response.json()) as { data: Record<string, string[]> };
    expect(rest as unknown).toEqual({
      defined: true,
      code: "RUNNER_NOT_FOUND",
      status: 500,
      message: "One or more runners not found",
    });
    expect(data["missingRunners"]).toEqual(["nope", "constructor"]);
    expect(data["availableRunners"]).toContain("echo");
  });

  test.each([
    ["malformed JSON", "{", 400, "malformed_json", undefined],
    ["no object", "[]", 400, "invalid_request", undefined],
    ["no fields", "{}", 400, "invalid_request", ["/url", "/runners"]],
    ["nothing wrapped", '{"json":null}', 400, "invalid_request", ["/url", "/runners"]],
    ["no runners", { url, runners: [] }, 400, "invalid_request", ["/runners"]],
    [
      "a url of another scheme",
      { url: "file:///x", runners: ["echo"] },
      400,
      "invalid_request",
      ["/url"],
    ],
    [
      "faulty runners",
      { url, runners: [1, { input: [] }] },
      400,
      "invalid_request",
      ["/runners/0", "/runners/1/name", "/runners/1/input"],
    ],
    [
      "a wrapped fault",
      { json: { url, runners: [{ name: "" }] } },
      400,
      "invalid_request",
      ["/runners/0/name"],
    ],
    [
      "a key of a prototype",
      '{"url":"http://x/","runners":["echo"],"__proto__":{}}',
      400,
      "invalid_request",
      ["/__proto__"],
    ],
    [
      "too much",
      { url, runners: ["echo"], more: "x".repeat(10_000) },
      413,
      "payload_too_large",
      undefined,
    ],
  ])("refuses %s", async (_what, body, status, code, paths) => {
    const response = await served.execute(body);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = (await response.json()) as { code: string; errors?: { path: string }[] };
    expect(problem.code).toBe(code);
    if (paths) expect(problem.errors?.map(({ path }) => path)).toEqual(paths);
  });

  test("refuses what is not JSON, another method and another path", async () => {
    const text = await served.execute("{}", { "content-type": "text/plain" });
    expect(text.status).toBe(415);
    const get = await fetch(`${served.origin}/api/runner/execute`);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await fetch(`${served.origin}/api/runner/other`)).status).toBe(404);
  });

  test("several jobs at once are executed side by side, up to the number of hosts", async () => {
    let visits = 0;
    // A page that answers one visitor only once there is another.
    using page = startPage(() => {
      visits++;
      return eventually("both are there", () => visits === 2);
    });
    const body = { url: page.url.href, runners: ["fetches"] };
    const answers = await Promise.all([served.execute(body), served.execute(body)]);
    expect(await answers[1].json()).toMatchObject({ results: [{ status: "pass" }] });
  });
});

describe("a connection", () => {
  test("may be silent for as long as its job takes, and only for a job", async () => {
    await using served = await serve();
    await served.execute({ url, runners: ["nope"] });
    await served.execute({ url });
    expect(served.kept()).toBe(0);
    await served.execute({ url, runners: ["echo"] });
    expect(served.kept()).toBe(1);
  });
});

describe("a runner server without a region", () => {
  test("shows runners the region of the request", async () => {
    await using served = await serve();
    const response = await served.execute({ url, runners: ["echo"], region: "ap-southeast-1" });
    expect(await response.json()).toMatchObject({
      region: "ap-southeast-1",
      results: [{ details: { region: "ap-southeast-1" } }],
    });
  });
});

describe("a client that goes away", () => {
  test("frees its host at once", async () => {
    await using served = await serve({ hosts: 1 });
    const gone = new AbortController();
    const lost = fetch(`${served.origin}/api/runner/execute`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url, runners: ["endlessLoop"] }),
      signal: gone.signal,
    }).catch(() => "aborted");
    const busy = await eventually("the host runs", () => hostsOf(process.pid)[0]);
    gone.abort();
    expect(await lost).toBe("aborted");
    await eventually("its host is gone", () =>
      hostsOf(process.pid).every(({ pid }) => pid !== busy.pid),
    );
    const next = await served.execute({ url, runners: ["hostPid"] });
    expect(next.status).toBe(200);
  });
});

describe("GET /api/runner/info", () => {
  test("names the runners and how to execute them", async () => {
    await using served = await serve({ region: REGION });
    const info = (await (await fetch(`${served.origin}/api/runner/info`)).json()) as {
      runners: string[];
    };
    expect(info.runners.slice(0, 2)).toEqual(["echo", "fetches"]);
    expect(info as unknown).toEqual({
      runners: info.runners,
      count: info.runners.length,
      region: REGION,
      version,
      usage: {
        method: "POST",
        endpoint: "/api/runner/execute",
        example: { url: "https://example.com", runners: info.runners },
      },
    });
  });

  test("lists faults of files, and sees them mended", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "a.ts");
    writeFileSync(file, "export const = 1;");
    await using served = await serve({ dir: folder.path });
    const info = async (): Promise<unknown> =>
      (await fetch(`${served.origin}/api/runner/info`)).json();
    expect(await info()).toMatchObject({
      runners: [],
      count: 0,
      faults: [{ file: "a.ts", message: expect.stringContaining("Syntax error") }],
    });
    writeFileSync(file, 'export async function a() { "use runner"; }');
    const mended = (await info()) as Record<string, unknown>;
    expect(mended["runners"]).toEqual(["a"]);
    expect(mended).not.toHaveProperty("faults");
  });
});

test("/healthz answers", async () => {
  await using served = await serve();
  const response = await fetch(`${served.origin}/healthz`);
  expect(await response.json()).toEqual({ status: "ok" });
});
