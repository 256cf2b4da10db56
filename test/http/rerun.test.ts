/** POST /api/orchestrator/{runId}/rerun. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { type Endpoint, type ExecuteBody, startEndpoint } from "../support/endpoint.ts";
import { BASE, problemOf, regions, request, Served } from "./serving.ts";

const VERDICTS = ["pass", "fail", "error"] as const;

let mixed: Endpoint;
let bad: Endpoint;
let stuck: Endpoint;
let api: Served;

beforeAll(() => {
  // A runner says by its name how it ends.
  mixed = startEndpoint(({ body }) =>
    Response.json({ results: body.runners.map(({ name }) => ({ status: name.split("-")[0] })) }),
  );
  bad = startEndpoint(() => new Response("no", { status: 502 }));
  stuck = startEndpoint(() => new Promise<never>(() => {}));
  api = new Served({ regions: regions({ mixed: mixed.base, bad: bad.base, stuck: stuck.base }) });
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  for (const endpoint of [mixed, bad, stuck]) endpoint[Symbol.dispose]();
});

const rerun = (runId: string, init: RequestInit = {}) =>
  api.get(`/${runId}/rerun`, { method: "POST", ...init });

const json = (body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  headers: { "content-type": "application/json", ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
});

const runner = (name: string, region: string, more: object = {}) => ({
  name,
  region,
  input: { url: "https://example.com", ...more },
});

/** A run of three verdicts in one region and a failed job in another, ended. */
async function mixedRun(more: object = {}): Promise<string> {
  const runners = [
    ...VERDICTS.map((verdict) =>
      runner(`${verdict}-1`, "mixed", { deep: { of: [verdict, null] } }),
    ),
    runner("pass-2", "bad"),
  ];
  const runId = await api.submit({ mode: "remote", runners, ...more });
  await api.ended(runId);
  return runId;
}

const asked = (endpoint: Endpoint, runId: string): ExecuteBody["runners"] =>
  endpoint.received.flatMap(({ body }) => (body.runId === runId ? body.runners : []));

async function accepted(response: Response): Promise<string> {
  expect(response.status).toBe(202);
  const { runId, ...rest } = (await response.json()) as { runId: string };
  expect(rest).toEqual({});
  expect(response.headers.get("location")).toBe(`${BASE}/${runId}`);
  return runId;
}

describe("POST /api/orchestrator/{runId}/rerun", () => {
  test.each<[string, RequestInit]>([
    ["without a body and a content type", {}],
    ["with an empty body", json("")],
    ["with an empty object", json({})],
    ["when told so", json({ only: "failed" })],
  ])("runs again exactly what did not pass, %s", async (_how, init) => {
    const more = { tags: ["nightly", "x"], timeout: 50_000, retries: 0, jobTimeout: 9_000 };
    const parent = await mixedRun(more);
    const runId = await accepted(await rerun(parent, init));
    expect(runId).not.toBe(parent);
    const summary = await api.ended(runId);
    expect(summary).toMatchObject({
      parentRunId: parent,
      tags: ["nightly", "x"],
      mode: "remote",
      summary: { total: 3, passed: 0, failed: 1, errored: 2 },
    });
    expect(asked(mixed, runId)).toEqual([
      { name: "fail-1", input: { url: "https://example.com", deep: { of: ["fail", null] } } },
      { name: "error-1", input: { url: "https://example.com", deep: { of: ["error", null] } } },
    ] as never);
    expect(asked(bad, runId).map(({ name }) => name)).toEqual(["pass-2"]);
  });

  test('runs everything again with {"only":"all"}', async () => {
    const parent = await mixedRun();
    const runId = await accepted(await rerun(parent, json({ only: "all" })));
    const [before, after] = [await api.ended(parent), await api.ended(runId)];
    expect(after).toMatchObject({ parentRunId: parent, summary: before.summary });
    expect(after.jobs.map(({ region, url }) => [region, url])).toEqual(
      before.jobs.map(({ region, url }) => [region, url]),
    );
    expect(asked(mixed, runId)).toEqual(asked(mixed, parent));
    const ids = [...before.jobs, ...after.jobs].map(({ jobId }) => jobId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("leaves the run that it repeats as it was", async () => {
    const parent = await mixedRun();
    const before = await (await api.get(`/${parent}`)).text();
    await api.ended(await accepted(await rerun(parent)));
    expect(await (await api.get(`/${parent}`)).text()).toBe(before);
    expect(before).not.toContain("parentRunId");
  });

  test("repeats a rerun, and what was cancelled or timed out", async () => {
    const parent = await mixedRun();
    const child = await accepted(await rerun(parent));
    await api.ended(child);
    const grandchild = await accepted(await rerun(child));
    expect(await api.ended(grandchild)).toMatchObject({
      parentRunId: child,
      summary: { total: 3 },
    });
    const late = await api.submit(request(["stuck", "mixed"], { timeout: 30 }));
    await api.ended(late);
    const again = await accepted(await rerun(late));
    expect((await api.ended(again)).jobs.map(({ region }) => region)).toContain("stuck");
  });

  test("keeps the run's limits: a rerun of a run that timed out times out", async () => {
    const late = await api.submit(request(["stuck"], { timeout: 30 }));
    await api.ended(late);
    const again = await accepted(await rerun(late));
    expect(await api.ended(again)).toMatchObject({ state: "timed_out" });
    const short = await api.submit(request(["stuck"], { jobTimeout: 30 }));
    await api.ended(short);
    const shortAgain = await accepted(await rerun(short));
    expect(await api.ended(shortAgain)).toMatchObject({ jobs: [{ errorCode: "job_timed_out" }] });
  });

  test("is one run for one Idempotency-Key, and a conflict for two different ones", async () => {
    const parent = await mixedRun();
    const key = { "idempotency-key": `rerun of ${parent}` };
    const runId = await accepted(await rerun(parent, { headers: key }));
    const again = await rerun(parent, { headers: key });
    expect([again.status, await again.json()]).toEqual([200, { runId }]);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(again.headers.get("location")).toBe(`${BASE}/${runId}`);
    const other = await rerun(parent, json({ only: "all" }, key));
    expect(await problemOf(other)).toMatchObject({ status: 409, code: "run_conflict" });
    const another = await rerun(await mixedRun(), { headers: key });
    expect(await problemOf(another)).toMatchObject({ status: 409, code: "run_conflict" });
    const submit = await api.post(request(["mixed"]), key);
    expect(await problemOf(submit)).toMatchObject({ status: 409, code: "run_conflict" });
    await api.ended(runId);
  });

  test("answers 409 while the run has not ended", async () => {
    const runId = await api.submit(request(["stuck"]));
    for (const only of ["failed", "all"]) {
      const problem = await problemOf(await rerun(runId, json({ only })));
      expect(problem).toMatchObject({ status: 409, code: "run_not_ended" });
    }
    await api.get(`/${runId}/cancel`, { method: "POST" });
  });

  test("answers 409 when all passed, unless all is to run again", async () => {
    const runners = [runner("pass-1", "mixed"), runner("pass-2", "mixed")];
    const runId = await api.submit({ mode: "remote", runners });
    await api.ended(runId);
    const problem = await problemOf(await rerun(runId));
    expect(problem).toMatchObject({ status: 409, code: "nothing_to_rerun" });
    const again = await accepted(await rerun(runId, json({ only: "all" })));
    expect(await api.ended(again)).toMatchObject({ summary: { total: 2, passed: 2 } });
  });

  test.each(["run_none", "constructor"])("answers 404 of %s", async (runId) => {
    expect(await problemOf(await rerun(runId))).toMatchObject({
      status: 404,
      code: "run_not_found",
    });
  });

  test.each<[string, RequestInit, number, string, string?]>([
    ["an unknown word", json({ only: "some" }), 400, "invalid_request", "/only"],
    ["a wrong type", json({ only: true }), 400, "invalid_request", "/only"],
    ["null", json({ only: null }), 400, "invalid_request", "/only"],
    ["an unknown field", json({ onyl: "all" }), 400, "invalid_request", "/onyl"],
    ["a list", json([]), 400, "invalid_request", ""],
    ["no object at all", json("null"), 400, "invalid_request", ""],
    ["no JSON", json("{"), 400, "malformed_json"],
    ["a form", { body: new URLSearchParams({ only: "all" }) }, 415, "unsupported_media_type"],
    ["text", { body: '{"only":"all"}' }, 415, "unsupported_media_type"],
  ])("refuses a body that is %s", async (...[, init, status, code, path]) => {
    const parent = await mixedRun();
    const before = mixed.received.length;
    const problem = await problemOf(await rerun(parent, init));
    expect(problem).toMatchObject({ status, code });
    if (status === 400 && code === "invalid_request") {
      expect(problem.errors?.map((fault) => fault.path)).toEqual([path as string]);
    }
    expect(mixed.received).toHaveLength(before);
  });
});
