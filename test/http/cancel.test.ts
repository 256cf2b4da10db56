/** POST /api/orchestrator/{runId}/cancel. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { type Endpoint, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { problemOf, regions, request, Served } from "./serving.ts";

let good: Endpoint;
let bad: Endpoint;
let stuck: Endpoint;
let api: Served;

beforeAll(() => {
  good = startEndpoint();
  bad = startEndpoint(() => new Response("no", { status: 502 }));
  stuck = startEndpoint(() => new Promise<never>(() => {}));
  api = new Served({ regions: regions({ good: good.base, bad: bad.base, stuck: stuck.base }) });
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  for (const endpoint of [good, bad, stuck]) endpoint[Symbol.dispose]();
});

const cancel = (runId: string, init: RequestInit = {}) =>
  api.get(`/${runId}/cancel`, { method: "POST", ...init });

/** The calls of the hanging endpoint for one run. */
const asked = (runId: string) => stuck.received.filter(({ body }) => body.runId === runId);

describe("POST /api/orchestrator/{runId}/cancel", () => {
  test("aborts what is in flight, keeps what was answered, and starts nothing more", async () => {
    const waiting = Array.from({ length: 5 }, (_, index) => ({
      name: "late",
      region: "stuck",
      input: { url: `https://example.com/${index}` },
    }));
    const first = request(["good", "stuck"]);
    const runId = await api.submit({
      ...first,
      runners: [...first.runners, ...waiting],
      concurrency: 2,
    });
    await eventually("one job has ended and two are in flight", async () => {
      const status = (await (await api.get(`/${runId}/status`)).json()) as Record<string, number>;
      return status["completedJobs"] === 1 && asked(runId).length === 2;
    });
    const response = await cancel(runId);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ runId, state: "cancelled" });
    const summary = await api.ended(runId);
    expect(summary).toMatchObject({
      state: "cancelled",
      summary: { total: 7, passed: 1, failed: 0, errored: 6 },
    });
    const [answered, ...others] = summary.jobs;
    expect(answered).toMatchObject({ state: "completed", results: [{ status: "pass" }] });
    for (const job of others) {
      expect(job).toMatchObject({
        state: "cancelled",
        errorCode: "cancelled",
        errorSource: "cancelled",
        results: [{ status: "error", errorSource: "cancelled", errorCode: "cancelled" }],
      });
    }
    await eventually("the endpoint sees its clients go", () =>
      asked(runId).every(({ signal }) => signal.aborted),
    );
    expect(asked(runId)).toHaveLength(2);
  });

  test("answers a second one as the first, and changes nothing", async () => {
    const runId = await api.submit(request(["stuck"]));
    const [first, again] = [await cancel(runId), await cancel(runId)];
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(await again.json()).toEqual({ runId, state: "cancelled" });
    const before = await (await api.get(`/${runId}`)).text();
    expect((await cancel(runId)).status).toBe(202);
    expect(await (await api.get(`/${runId}`)).text()).toBe(before);
  });

  test("may come many times at once", async () => {
    const runId = await api.submit(request(["stuck"]));
    const answers = await Promise.all(Array.from({ length: 20 }, () => cancel(runId)));
    for (const answer of answers) {
      expect([answer.status, await answer.json()]).toEqual([202, { runId, state: "cancelled" }]);
    }
  });

  test("right after the submit leaves nothing to dispatch later", async () => {
    const runId = await api.submit(request(["stuck", "good"]));
    await cancel(runId);
    const { jobs, state, summary } = await api.ended(runId);
    expect(state).toBe("cancelled");
    expect(summary.passed + summary.errored).toBe(2);
    expect(jobs.map((job) => job.state)).not.toContain("running");
  });

  test.each([
    ["completed", ["good"], {}],
    ["failed", ["bad"], {}],
    ["timed_out", ["stuck"], { timeout: 20 }],
  ] as const)(
    "answers 409 of a run that ended as %s, which stays so",
    async (state, where, more) => {
      const runId = await api.submit(request(where, more));
      const ended = await api.ended(runId);
      expect(ended.state).toBe(state);
      const problem = await problemOf(await cancel(runId));
      expect(problem).toMatchObject({ status: 409, code: "run_ended" });
      expect(problem.detail).toContain(state);
      expect(await api.ended(runId)).toEqual(ended);
    },
  );

  test.each(["run_none", "__proto__", "x".repeat(500)])("answers 404 of %s", async (runId) => {
    expect(await problemOf(await cancel(runId))).toMatchObject({
      status: 404,
      code: "run_not_found",
    });
  });

  test.each<[string, RequestInit]>([
    ["a content type and no body", { headers: { "content-type": "application/json" } }],
    ["an empty text", { headers: { "content-type": "application/json" }, body: "" }],
    ["an empty object", { headers: { "content-type": "application/json" }, body: "{}" }],
    ["a form", { body: new URLSearchParams({ reason: "x" }) }],
  ])("does not mind %s", async (_what, init) => {
    const runId = await api.submit(request(["stuck"]));
    expect((await cancel(runId, init)).status).toBe(202);
  });

  test("leaves other runs alone", async () => {
    const [one, other] = [
      await api.submit(request(["stuck"])),
      await api.submit(request(["stuck"])),
    ];
    await eventually("both are in flight", () => asked(one).length + asked(other).length === 2);
    await cancel(one);
    expect(await (await api.get(`/${other}/status`)).json()).toMatchObject({ state: "running" });
    expect(asked(other)[0]?.signal.aborted).toBeFalse();
    await cancel(other);
  });

  test("keeps an answer that came just before it", async () => {
    using fast = startEndpoint(async (received) => {
      await cancelled;
      return pass(received);
    });
    const { promise: cancelled, resolve } = Promise.withResolvers<void>();
    await using own = new Served({ regions: regions({ eu: fast.base }) });
    const runId = await own.submit(request(["eu"]));
    await eventually("it is in flight", () => fast.inFlight() === 1);
    resolve();
    const response = await own.get(`/${runId}/cancel`, { method: "POST" });
    const { jobs, state, summary } = await own.ended(runId);
    // Whichever was first, the books are right and the answer said so.
    expect(summary.passed + summary.errored).toBe(1);
    expect(jobs[0]?.state).toBe(summary.passed === 1 ? "completed" : "cancelled");
    expect([202, 409]).toContain(response.status);
    if (response.status === 202) expect(state).toBe("cancelled");
    else expect(state).toBe("completed");
  });
});
