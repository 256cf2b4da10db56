/** Refusals of what is well-formed: impossible runs, unknown places, wrong methods, defects. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { AppError, ERROR_CODES, type ErrorCode } from "../../src/domain/errors.ts";
import { safeFetch } from "../../src/http/app.ts";
import { orchestratorApp } from "../../src/http/orchestrator-app.ts";
import { STATUS_OF } from "../../src/http/problem.ts";
import { createLog } from "../../src/lib/log.ts";
import { Metrics } from "../../src/lib/metrics.ts";
import { type Endpoint, startEndpoint } from "../support/endpoint.ts";
import { BASE, problemOf, regions, request, Served } from "./serving.ts";

let endpoint: Endpoint;
let api: Served;

beforeAll(() => {
  endpoint = startEndpoint();
  const base = endpoint.base;
  api = new Served({ regions: regions({ "us-east-1": base, "eu-west-1": base }) });
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  endpoint[Symbol.dispose]();
});

const input = { url: "https://example.com" };

describe("POST /api/orchestrator refuses the impossible", () => {
  test("a region that is not configured, listing those that are", async () => {
    const problem = await problemOf(await api.post(request(["us-east-1", "moon", "mars"])));
    expect(problem).toMatchObject({ status: 422, code: "unknown_region" });
    expect(problem.detail).toContain("us-east-1, eu-west-1");
    expect(problem.detail).not.toContain("127.0.0.1");
    expect(problem.errors).toEqual([
      { path: "/runners/1/region", message: 'Region "moon" is not configured.' },
      { path: "/runners/2/region", message: 'Region "mars" is not configured.' },
    ]);
  });

  test.each(["constructor", "toString", "hasOwnProperty"])(
    "a region called %s, which every object has",
    async (region) => {
      const problem = await problemOf(await api.post(request([region])));
      expect(problem).toMatchObject({ status: 422, code: "unknown_region" });
    },
  );

  test("a remote runner without a region", async () => {
    const body = { mode: "remote", runners: [{ name: "a", input }] };
    const problem = await problemOf(await api.post(body));
    expect(problem).toMatchObject({ status: 422, code: "missing_region" });
    expect(problem.errors?.map(({ path }) => path)).toEqual(["/runners/0/region"]);
  });

  test.each([
    { name: "a", region: "us-east-1" },
    { name: "a", region: "us-east-1", input: { x: 1 } },
  ])("a runner without a URL", async (runner) => {
    const problem = await problemOf(await api.post({ mode: "remote", runners: [runner] }));
    expect(problem).toMatchObject({ status: 422, code: "missing_url" });
    expect(problem.errors?.map(({ path }) => path)).toEqual(["/runners/0/input/url"]);
  });

  test("local mode on a server without runners", async () => {
    const problem = await problemOf(
      await api.post({ mode: "local", runners: [{ name: "a", input }] }),
    );
    expect(problem).toMatchObject({ status: 422, code: "local_mode_unavailable" });
  });

  test("nothing is dispatched of a run that is refused", async () => {
    const before = endpoint.received.length;
    await problemOf(await api.post(request(["us-east-1", "moon"])));
    const runId = await api.submit(request(["us-east-1"]));
    await api.ended(runId);
    expect(endpoint.received.slice(before).map(({ body }) => body.runId)).toEqual([runId]);
  });
});

describe("POST /api/orchestrator with an id that is taken", () => {
  test("answers the same body with the same run, and asks no endpoint again", async () => {
    const body = request(["us-east-1"], { runId: "nightly-1" });
    const first = await api.post(body);
    expect(first.status).toBe(202);
    expect(first.headers.get("location")).toBe(`${BASE}/nightly-1`);
    await api.ended("nightly-1");
    const asked = endpoint.received.length;
    const again = await api.post(body);
    expect(again.status).toBe(200);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(await again.json()).toEqual({ runId: "nightly-1" });
    expect(endpoint.received).toHaveLength(asked);
  });

  test("refuses another body", async () => {
    await api.submit(request(["us-east-1"], { runId: "nightly-2" }));
    const problem = await problemOf(await api.post(request(["eu-west-1"], { runId: "nightly-2" })));
    expect(problem).toMatchObject({ status: 409, code: "run_conflict" });
    expect(problem.detail).toContain("nightly-2");
  });

  test("treats an Idempotency-Key alike", async () => {
    const key = { "idempotency-key": "key-1" };
    const first = (await (await api.post(request(["us-east-1"]), key)).json()) as object;
    const again = await api.post(request(["us-east-1"]), key);
    expect([again.status, await again.json()]).toEqual([200, first]);
    const other = await api.post(request(["eu-west-1"]), key);
    expect(await problemOf(other)).toMatchObject({ status: 409, code: "run_conflict" });
  });

  test("refuses an Idempotency-Key that is none", async () => {
    for (const key of ["", "x".repeat(256), "caf\u00e9"]) {
      const response = await api.post(request(["us-east-1"]), { "idempotency-key": key });
      expect(await problemOf(response)).toMatchObject({ status: 400, code: "invalid_request" });
    }
  });

  test("keeps one run of 50 submits at once", async () => {
    const body = request(["us-east-1"], { runId: "at-once" });
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.post(body)));
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([...Array<number>(49).fill(200), 202]);
    await api.ended("at-once");
    const asked = endpoint.received.filter((received) => received.body.runId === "at-once");
    expect(asked).toHaveLength(1);
  });
});

describe("a place that is not there", () => {
  test.each([
    "/run_none",
    "/run_none/status",
    "/__proto__",
    "/constructor/status",
    "/%F0%9F%98%80",
  ])("GET %s: there is no such run", async (path) => {
    const problem = await problemOf(await api.get(path));
    expect(problem).toMatchObject({ status: 404, code: "run_not_found" });
  });

  test("an odd or long name is a short 404, too", async () => {
    for (const path of ["/%00", "/a%2fb", "/%f0%9f%98%80", `/${"x".repeat(5_000)}`]) {
      const problem = await problemOf(await api.get(path));
      expect(problem.status).toBe(404);
      expect(JSON.stringify(problem).length).toBeLessThan(500);
    }
  });

  test.each(["/%zz", "/%ff/status"])("GET %s, which decodes to nothing, is a 404", async (path) => {
    expect(await problemOf(await api.get(path))).toMatchObject({ status: 404, code: "not_found" });
  });

  test("a run has a name: without one there is nothing", async () => {
    expect(await problemOf(await api.get("//status"))).toMatchObject({ status: 404 });
  });

  test.each(["/run_none/nothing", "/docs/nothing", "/a/b/c"])("GET %s: nothing", async (path) => {
    expect(await problemOf(await api.get(path))).toMatchObject({ status: 404, code: "not_found" });
  });

  test.each(["http://localhost/", "http://localhost/api", "http://localhost/nothing"])(
    "GET %s: nothing",
    async (url) => {
      const response = await api.handler(new Request(url));
      expect(await problemOf(response)).toMatchObject({ status: 404, code: "not_found" });
    },
  );
});

describe("a method that is not meant", () => {
  test.each([
    ["PATCH", "", "GET, HEAD, POST"],
    ["PUT", "", "GET, HEAD, POST"],
    ["GET", "/run_1/cancel", "POST"],
    ["DELETE", "/run_1", "GET, HEAD"],
    ["POST", "/run_1", "GET, HEAD"],
    ["PATCH", "/run_1/status", "GET, HEAD"],
    ["OPTIONS", "/run_1/status", "GET, HEAD"],
    ["POST", "/docs", "GET, HEAD"],
    ["POST", "/spec.json", "GET, HEAD"],
  ])("%s %s is a 405 that names %s", async (method, path, allow) => {
    const response = await api.get(path, { method });
    expect(response.headers.get("allow")).toBe(allow);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status: 405, code: "method_not_allowed" });
    expect(problem.detail).toContain(allow);
  });
});

const SECRET = "hunter2 /srv/data SELECT * FROM runs";

function failing(error: unknown, lines: string[] = []) {
  const fail = async (): Promise<never> => {
    throw error;
  };
  const log = createLog({ write: (line) => lines.push(line), pretty: false, now: () => 0 });
  const app = orchestratorApp({
    basePath: BASE,
    log,
    maxBody: 10_000,
    maxRunTime: 60_000,
    orchestrator: { submit: fail, rerun: fail, cancel: fail, ended: fail },
    store: {
      findStatus: fail,
      findRun: fail,
      findJobs: fail,
      findLastEvent: fail,
      listRuns: fail,
      findSettings: fail,
      findAnswers: fail,
      findPast: fail,
    },
    endpointOf: () => undefined,
    secrets: { seal: (given) => given },
    callbacks: { store: { findCallbacks: fail, repeat: fail }, now: () => 0, wake: () => {} },
    fleet: { report: fail, inputSchemas: () => undefined },
    live: {
      changes: () => new ReadableStream(),
      events: () => new ReadableStream(),
      progress: () => new ReadableStream(),
      streams: 0,
    },
    maxStreams: 1,
    keepOpen: () => {},
    isDraining: () => false,
    metrics: new Metrics(),
  });
  return safeFetch(app);
}

const submit = () =>
  new Request(`http://localhost${BASE}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request(["us-east-1"])),
  });

describe("every code of AppError", () => {
  test.each(ERROR_CODES.map((code) => [code]))("%s has its status", async (code: ErrorCode) => {
    const answer = failing(new AppError(code, "Because.", { cause: new Error(SECRET) }));
    const response = await answer(submit());
    expect(response.status).toBe(STATUS_OF[code]);
    expect(await problemOf(response)).toMatchObject({ code, detail: "Because." });
    expect(response.headers.has("retry-after")).toBe([429, 503].includes(response.status));
  });

  test.each<[string, unknown]>([
    ["an error", new Error(SECRET)],
    ["a type error", new TypeError(SECRET)],
    ["a string", SECRET],
    ["nothing", undefined],
    ["null", null],
    ["an object with a status", { status: 418, message: SECRET }],
    ["a response", new Response(SECRET, { status: 200 })],
    ["an error with a code", Object.assign(new Error(SECRET), { code: "NOT_FOUND", status: 404 })],
  ])("a defect that throws %s says nothing of itself, except in the log", async (_what, error) => {
    const lines: string[] = [];
    const answer = failing(error, lines);
    for (const path of ["", "/run_1", "/run_1/status"]) {
      const asked = path === "" ? submit() : new Request(`http://localhost${BASE}${path}`);
      const problem = await problemOf(await answer(asked));
      expect(problem).toMatchObject({ status: 500, code: "internal" });
      expect(lines.at(-1)).toContain(problem.requestId);
    }
    expect(lines).toHaveLength(3);
  });
});
