/**
 * The shapes of the API: the fields of the reference page, those the design adds, and nothing
 * else. Also headers, HEAD and trailing slashes.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { RunStatus, RunSummary } from "../../src/domain/run.ts";
import { type Endpoint, gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { schemaFaultsOf } from "./schema.ts";
import { BASE, regions, request, Served } from "./serving.ts";

let endpoint: Endpoint;
let other: Endpoint;
let broken: Endpoint;
let api: Served;

beforeAll(() => {
  endpoint = startEndpoint();
  other = startEndpoint();
  broken = startEndpoint(() => new Response("no", { status: 502 }));
  const bases = { "us-east-1": endpoint.base, "eu-west-1": other.base };
  api = new Served({ regions: regions({ ...bases, "ap-southeast-1": broken.base }) });
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  endpoint[Symbol.dispose]();
  other[Symbol.dispose]();
  broken[Symbol.dispose]();
});

const keys = (value: object | undefined): string[] => Object.keys(value ?? {}).toSorted();

/** An answer of 200, checked strictly against its schema. */
async function shaped<Shape>(path: string, schema: typeof RunStatus | typeof RunSummary) {
  const response = await api.get(path);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("application/json");
  const value: unknown = await response.json();
  expect(schemaFaultsOf(schema, value)).toEqual([]);
  return value as Shape;
}

describe("POST /api/orchestrator", () => {
  test("answers the reference page's request as the reference page does", async () => {
    const response = await api.post(request(["us-east-1", "eu-west-1"]));
    expect(response.status).toBe(202);
    const body = (await response.json()) as { runId: string };
    expect(Object.keys(body)).toEqual(["runId"]);
    expect(body.runId).toMatch(/^run_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
    expect(response.headers.get("location")).toBe(`${BASE}/${body.runId}`);
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
    await api.ended(body.runId);
  });

  test.each([`${BASE}/`, `${BASE}?trace=1`])("also at %s", async (path) => {
    const asked = new Request(`http://localhost${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request(["us-east-1"])),
    });
    expect((await api.handler(asked)).status).toBe(202);
  });

  test("takes every optional field", async () => {
    const more = { concurrency: 3, timeout: 60_000, runId: "all-fields_1", tags: ["nightly"] };
    expect(await api.submit(request(["us-east-1"], more))).toBe("all-fields_1");
    const summary = await api.ended("all-fields_1");
    expect(summary).toMatchObject({ runId: "all-fields_1", tags: ["nightly"], mode: "remote" });
  });
});

describe("GET /api/orchestrator/{runId}/status", () => {
  test("has the fields of a status, and no others", async () => {
    const runId = await api.submit(request(["us-east-1", "ap-southeast-1"]));
    await api.ended(runId);
    const status = await shaped<RunStatus>(`/${runId}/status`, RunStatus);
    expect(keys(status)).toEqual([
      "completedJobs",
      "createdAt",
      "failedJobs",
      "queuedJobs",
      "runId",
      "runningJobs",
      "state",
      "totalJobs",
      "updatedAt",
    ]);
    expect(status).toMatchObject({ runId, state: "failed", totalJobs: 2 });
    expect(status).toMatchObject({
      completedJobs: 1,
      failedJobs: 1,
      queuedJobs: 0,
      runningJobs: 0,
    });
    expect(status.updatedAt >= status.createdAt).toBeTrue();
  });
});

describe("GET /api/orchestrator/{runId}", () => {
  test("has the fields of a finished run, its jobs and their results, and no others", async () => {
    const runId = await api.submit(request(["us-east-1", "eu-west-1"]));
    await api.ended(runId);
    const summary = await shaped<RunSummary>(`/${runId}`, RunSummary);
    expect(keys(summary)).toEqual([
      "completedAt",
      "createdAt",
      "durationMs",
      "jobs",
      "mode",
      "runId",
      "state",
      "summary",
      "tags",
    ]);
    expect(summary.summary).toEqual({ total: 2, passed: 2, failed: 0, errored: 0 });
    expect(summary.jobs.map(({ region }) => region)).toEqual(["us-east-1", "eu-west-1"]);
    for (const job of summary.jobs) {
      expect(keys(job)).toEqual([
        "attempts",
        "completedAt",
        "durationMs",
        "jobId",
        "region",
        "results",
        "startedAt",
        "state",
        "timing",
        "url",
      ]);
      expect(job.jobId).toMatch(/^job_/);
      expect(job.results).toEqual([{ name: "cookieBannerTest", status: "pass", durationMs: 1 }]);
    }
  });

  test("explains a job that failed, and errors each of its runners", async () => {
    const runner = { region: "ap-southeast-1", input: { url: "https://example.com" } };
    const runners = [
      { ...runner, name: "a" },
      { ...runner, name: "b" },
    ];
    const runId = await api.submit({ runners, mode: "remote" });
    await api.ended(runId);
    const summary = await shaped<RunSummary>(`/${runId}`, RunSummary);
    const error = "The endpoint answered HTTP status 502.";
    expect(summary.jobs[0]).toMatchObject({
      state: "failed",
      attempts: 1,
      error,
      errorCode: "bad_status",
      errorSource: "transport",
      results: [
        { name: "a", status: "error", errorMessage: error, errorSource: "transport" },
        { name: "b", status: "error", errorMessage: error, errorSource: "transport" },
      ],
    });
    expect(summary.summary).toEqual({ total: 2, passed: 0, failed: 0, errored: 2 });
  });

  test("is partial while the run is in progress, and says the total from the start", async () => {
    const { open, opened } = gate();
    using slow = startEndpoint(async (asked) => {
      if (asked.body.region === "slow") await opened;
      return pass(asked);
    });
    await using own = new Served({ regions: regions({ fast: slow.base, slow: slow.base }) });
    const runId = await own.submit(request(["fast", "slow"]));
    const partial = await eventually("one job has ended", async () => {
      const summary = (await (await own.get(`/${runId}`)).json()) as RunSummary;
      return summary.jobs[0]?.state === "completed" && summary;
    });
    expect(schemaFaultsOf(RunSummary, partial)).toEqual([]);
    expect(partial.state).toBe("running");
    expect(partial).not.toHaveProperty("completedAt");
    expect(partial).not.toHaveProperty("durationMs");
    expect(partial.summary).toEqual({ total: 2, passed: 1, failed: 0, errored: 0 });
    expect(partial.jobs[1]).toMatchObject({ region: "slow", state: "running", results: [] });
    expect(partial.jobs[1]).not.toHaveProperty("completedAt");
    open();
    expect(await own.ended(runId)).toMatchObject({ state: "completed", summary: { passed: 2 } });
  });

  test("never has a null, and dates in UTC with milliseconds", async () => {
    const runId = await api.submit(request(["us-east-1", "ap-southeast-1"]));
    await api.ended(runId);
    for (const path of [`/${runId}`, `/${runId}/status`]) {
      const text = await (await api.get(path)).text();
      expect(text).not.toContain("null");
      for (const [, at] of text.matchAll(/At":"([^"]+)"/g)) {
        expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      }
    }
  });

  test("never names an endpoint or its token", async () => {
    const runId = await api.submit(request(["us-east-1", "ap-southeast-1"]));
    await api.ended(runId);
    const text = await (await api.get(`/${runId}`)).text();
    expect(text).not.toContain("127.0.0.1");
    expect(text).not.toContain("t0ken");
  });
});

describe("every route", () => {
  test("answers HEAD as GET without a body", async () => {
    const runId = await api.submit(request(["us-east-1"]));
    await api.ended(runId);
    const paths = ["", `/${runId}`, `/${runId}/status`, `/${runId}/events`, "/docs", "/spec.json"];
    for (const path of paths) {
      const [head, get] = [await api.get(path, { method: "HEAD" }), await api.get(path)];
      expect([path, head.status]).toEqual([path, 200]);
      expect(await head.text()).toBe("");
      expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
    }
    expect((await api.get("/run_none", { method: "HEAD" })).status).toBe(404);
  });

  test("answers with a trailing slash as without", async () => {
    const runId = await api.submit(request(["us-east-1"]));
    await api.ended(runId);
    for (const path of [`/${runId}`, `/${runId}/status`]) {
      expect(await (await api.get(`${path}/`)).text()).toBe(await (await api.get(path)).text());
    }
  });

  test("gives each request an id of its own", async () => {
    const ids = new Set<string | null>();
    for (const path of [
      "/docs",
      "/spec.json",
      "/run_none",
      "/nothing/at/all",
      "/run_none/status",
    ]) {
      ids.add((await api.get(path)).headers.get("x-request-id"));
    }
    expect(ids.size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^req_/);
  });

  test("GET /healthz says that the process answers", async () => {
    const response = await api.handler(new Request("http://localhost/healthz"));
    expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
  });

  test("whatever the host is called", async () => {
    for (const host of ["a", "ab", "abc", "abcd", "a:80", "[::1]"]) {
      const response = await api.handler(new Request(`http://${host}/healthz`));
      expect([host, response.status]).toEqual([host, 200]);
    }
  });
});
