/** GET /api/orchestrator/{runId}/status?wait=SECONDS: a long poll. */
import { describe, expect, test } from "bun:test";

import type { RunStatus } from "../../src/domain/run.ts";
import { gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { problemOf, regions, request, Served } from "./serving.ts";

const statusOf = async (response: Promise<Response>) =>
  (await (await response).json()) as RunStatus;

describe("GET /api/orchestrator/{runId}/status?wait", () => {
  test("answers at the end of the run, to everybody who waits", async () => {
    const { open, opened } = gate();
    using slow = startEndpoint(async (received) => {
      await opened;
      return pass(received);
    });
    const silent: Request[] = [];
    await using api = new Served({
      regions: regions({ eu: slow.base }),
      keepOpen: (asked) => silent.push(asked),
    });
    const runId = await api.submit(request(["eu"]));
    await eventually("the job is in flight", () => slow.inFlight() === 1);
    let answered = 0;
    const waiting = Array.from({ length: 50 }, () =>
      statusOf(api.get(`/${runId}/status?wait=60`)).finally(() => answered++),
    );
    await eventually("all wait", () => silent.length === 50);
    expect(await statusOf(api.get(`/${runId}/status`))).toMatchObject({ state: "running" });
    expect(answered).toBe(0);
    open();
    const statuses = await Promise.all(waiting);
    for (const status of statuses) {
      expect(status).toMatchObject({ runId, state: "completed", completedJobs: 1, runningJobs: 0 });
    }
  });

  test("answers after the wait when the run goes on, and not before", async () => {
    using stuck = startEndpoint(() => new Promise<never>(() => {}));
    await using api = new Served({ regions: regions({ eu: stuck.base }) });
    const runId = await api.submit(request(["eu"]));
    await eventually("the job is in flight", () => stuck.inFlight() === 1);
    const began = performance.now();
    const status = await statusOf(api.get(`/${runId}/status?wait=1`));
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
    expect(status).toMatchObject({ state: "running", runningJobs: 1 });
  });

  test("answers at once when there is nothing to wait for", async () => {
    using endpoint = startEndpoint();
    const silent: Request[] = [];
    await using api = new Served({
      regions: regions({ eu: endpoint.base }),
      keepOpen: (asked) => silent.push(asked),
    });
    const runId = await api.submit(request(["eu"]));
    await api.ended(runId);
    for (const wait of ["0", "60"]) {
      const status = await statusOf(api.get(`/${runId}/status?wait=${wait}`));
      expect(status.state).toBe("completed");
    }
    // Such an answer is never late, so its connection keeps its limits.
    expect(silent).toEqual([]);
  });

  test("ends with a cancel", async () => {
    using stuck = startEndpoint(() => new Promise<never>(() => {}));
    await using api = new Served({ regions: regions({ eu: stuck.base }) });
    const runId = await api.submit(request(["eu"]));
    const waiting = statusOf(api.get(`/${runId}/status?wait=60`));
    await api.get(`/${runId}/cancel`, { method: "POST" });
    expect(await waiting).toMatchObject({ state: "cancelled", failedJobs: 1 });
  });

  test("ends when the server stops, so that a drain waits for nobody who only looks", async () => {
    using stuck = startEndpoint(() => new Promise<never>(() => {}));
    const api = new Served({ regions: regions({ eu: stuck.base }) });
    const runId = await api.submit(request(["eu"]));
    const waiting = api.get(`/${runId}/status?wait=60`);
    await eventually("the job is in flight", () => stuck.inFlight() === 1);
    await api[Symbol.asyncDispose]();
    const response = await waiting;
    expect([200, 503]).toContain(response.status);
  });

  test("carries the entity tag of what it answers, and 304 for what is known", async () => {
    using stuck = startEndpoint(() => new Promise<never>(() => {}));
    await using api = new Served({ regions: regions({ eu: stuck.base }) });
    const runId = await api.submit(request(["eu"]));
    await eventually("the job is in flight", () => stuck.inFlight() === 1);
    const first = await api.get(`/${runId}/status`);
    const tag = first.headers.get("etag") ?? "";
    const known = { headers: { "if-none-match": tag } };
    expect((await api.get(`/${runId}/status?wait=1`, known)).status).toBe(304);
    const ending = api.get(`/${runId}/status?wait=60`, known);
    await api.get(`/${runId}/cancel`, { method: "POST" });
    const ended = await ending;
    expect([ended.status, await ended.json()]).toEqual([
      200,
      expect.objectContaining({ state: "cancelled" }),
    ]);
    expect(ended.headers.get("etag")).not.toBe(tag);
  });

  test.each(["61", "-1", "1.5", "", "x", "1e1", "01", "0x1", "999999999999"])(
    "answers 400 to wait=%p",
    async (wait) => {
      await using api = new Served();
      const problem = await problemOf(await api.get(`/run_none/status?wait=${wait}`));
      expect(problem).toMatchObject({ status: 400, code: "invalid_request" });
      expect(problem.errors?.map(({ path }) => path)).toEqual(["/wait"]);
    },
  );

  test("answers 400 to an unknown parameter and to one given twice, 404 of no run", async () => {
    await using api = new Served();
    const unknown = await problemOf(await api.get("/run_none/status?wiat=1"));
    expect(unknown.errors?.map(({ path }) => path)).toEqual(["/wiat"]);
    const twice = await problemOf(await api.get("/run_none/status?wait=1&wait=2"));
    expect(twice.errors?.map(({ path }) => path)).toEqual(["/wait"]);
    const none = await problemOf(await api.get("/run_none/status?wait=60"));
    expect(none).toMatchObject({ status: 404, code: "run_not_found" });
  });
});
