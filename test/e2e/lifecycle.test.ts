/** Cancel, rerun, interruption and drain across processes, through the compiled binary. */
import { describe, expect, test } from "bun:test";

import { gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { rawGet } from "../support/raw-client.ts";
import { indexOf, jobs, serve, type Serving } from "./serving.ts";

const post = ({ api }: Serving, path: string): Promise<Response> =>
  fetch(`${api.base}/${path}`, { method: "POST" });

describe("volley serve --on-interrupted", () => {
  test("fail: records what was in flight at a kill as errors, and goes on with the rest", async () => {
    using folder = temporaryFolder();
    let hanging = true;
    using endpoint = startEndpoint((received) =>
      hanging && indexOf(received) > 0 ? new Promise<never>(() => {}) : pass(received),
    );
    const options = {
      data: folder.path,
      regions: { eu: endpoint.base },
      args: ["--on-interrupted", "fail"],
    };
    await using first = await serve(options);
    const runId = await first.api.submit(jobs(6, { concurrency: 2, retries: 3 }));
    await eventually("one has ended, two are in flight", async () => {
      const { completedJobs, runningJobs } = await first.api.status(runId);
      return completedJobs === 1 && runningJobs === 2 && endpoint.received.length === 3;
    });
    await first.stop("SIGKILL");
    hanging = false;
    await using second = await serve(options);
    const { jobs: done, state, summary } = await second.api.ended(runId);
    expect([state, summary]).toEqual([
      "failed",
      { total: 6, passed: 4, failed: 0, errored: 2 },
    ] as never);
    const interrupted = done.filter(({ errorCode }) => errorCode === "interrupted");
    expect(interrupted.map(({ url }) => url)).toEqual(
      [1, 2].map((n) => `https://example.com/${n}`),
    );
    for (const { attempts, error, errorSource, results } of interrupted) {
      expect([attempts, errorSource]).toEqual([1, "orchestrator"]);
      expect(results).toEqual([
        {
          name: "titleTest",
          status: "error",
          errorMessage: error ?? "none",
          errorCode: "interrupted",
          errorSource: "orchestrator",
        },
      ]);
    }
    const keys = endpoint.received.map(({ headers }) => headers.get("idempotency-key"));
    expect(new Set(keys).size).toBe(6);
    expect(keys).toHaveLength(6);
  }, 120_000);
});

describe("POST /api/orchestrator/{runId}/cancel of volley serve", () => {
  test("lets the endpoint see its client go", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const runId = await server.api.submit(jobs(10, { concurrency: 4 }));
    await eventually("four are in flight", () => endpoint.received.length === 4);
    const response = await post(server, `${runId}/cancel`);
    expect([response.status, await response.json()]).toEqual([202, { runId, state: "cancelled" }]);
    await eventually("all four are aborted", () =>
      endpoint.received.every(({ signal }) => signal.aborted),
    );
    expect(await server.api.summary(runId)).toMatchObject({
      state: "cancelled",
      summary: { total: 10, errored: 10 },
    });
    expect(endpoint.received).toHaveLength(4);
  }, 120_000);

  test.each(["SIGKILL", "SIGTERM"] as const)(
    "holds after a restart that follows at once (%s)",
    async (signal) => {
      using folder = temporaryFolder();
      using endpoint = startEndpoint(() => new Promise<never>(() => {}));
      const options = { data: folder.path, regions: { eu: endpoint.base } };
      await using first = await serve(options);
      const runs = await Promise.all(Array.from({ length: 5 }, () => first.api.submit(jobs(4))));
      await eventually("all are in flight", () => endpoint.received.length === 20);
      const answers = await Promise.all(runs.map((runId) => post(first, `${runId}/cancel`)));
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(5).fill(202));
      await first.stop(signal);
      await using second = await serve(options);
      for (const runId of runs) {
        expect(await second.api.ended(runId)).toMatchObject({
          state: "cancelled",
          summary: { total: 4, passed: 0, errored: 4 },
        });
        expect((await post(second, `${runId}/cancel`)).status).toBe(202);
      }
      expect(endpoint.received).toHaveLength(20);
    },
    120_000,
  );

  test("that was not answered before a kill is kept or not, but the run ends all the same", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (received) => {
      await opened;
      return pass(received);
    });
    const options = { data: folder.path, regions: { eu: endpoint.base } };
    await using first = await serve(options);
    const runs = await Promise.all(Array.from({ length: 8 }, () => first.api.submit(jobs(2))));
    await eventually("all are in flight", () => endpoint.received.length === 16);
    const cancels = Promise.allSettled(runs.map((runId) => post(first, `${runId}/cancel`)));
    await first.stop("SIGKILL");
    const answers = await cancels;
    open();
    await using second = await serve(options);
    for (const [index, runId] of runs.entries()) {
      const { state, summary } = await second.api.ended(runId);
      expect(["cancelled", "completed"]).toContain(state);
      if (answers[index]?.status === "fulfilled") expect(state).toBe("cancelled");
      expect(summary.passed + summary.errored).toBe(2);
    }
  }, 120_000);
});

describe("POST /api/orchestrator/{runId}/rerun of volley serve", () => {
  test("repeats a run of an earlier process", async () => {
    using folder = temporaryFolder();
    let broken = true;
    using endpoint = startEndpoint((received) =>
      broken && indexOf(received) % 2 === 0 ? new Response("no", { status: 502 }) : pass(received),
    );
    const options = { data: folder.path, regions: { eu: endpoint.base } };
    await using first = await serve(options);
    const parent = await first.api.submit(jobs(5, { tags: ["nightly"] }));
    const before = await first.api.ended(parent);
    expect(await first.stop()).toBe(0);
    broken = false;
    await using second = await serve(options);
    const response = await post(second, `${parent}/rerun`);
    expect(response.status).toBe(202);
    const { runId } = (await response.json()) as { runId: string };
    expect(await second.api.ended(runId)).toMatchObject({
      parentRunId: parent,
      tags: ["nightly"],
      state: "completed",
      summary: { total: 3, passed: 3 },
    });
    const again = endpoint.received.filter(({ body }) => body.runId === runId);
    expect(again.map(indexOf)).toEqual([0, 2, 4]);
    expect(await second.api.summary(parent)).toEqual(before);
    expect((await post(second, `${runId}/rerun`)).status).toBe(409);
  }, 120_000);
});

describe("volley serve while it drains", () => {
  test("is alive, not ready, and answers reads", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (received) => {
      await opened;
      return pass(received);
    });
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const get = async (path: string): Promise<number> =>
      (await fetch(`${server.origin}${path}`)).status;
    expect(await get("/readyz")).toBe(200);
    const runId = await server.api.submit(jobs(1));
    await eventually("it is in flight", () => endpoint.inFlight() === 1);
    const exit = server.stop();
    await eventually("it is not ready", async () => (await get("/readyz")) === 503);
    expect(await get("/healthz")).toBe(200);
    expect(await get("/metrics")).toBe(200);
    expect(await get("/api/orchestrator")).toBe(200);
    expect(await get(`/api/orchestrator/${runId}`)).toBe(200);
    for (const path of ["", `/${runId}/rerun`]) {
      const response = await fetch(`${server.api.base}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(path === "" ? jobs(1) : {}),
      });
      expect([path, response.status]).toEqual([path, 503]);
      expect(response.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
      expect(await response.json()).toMatchObject({ code: "draining" });
    }
    using waiting = await rawGet(`${server.api.base}/${runId}/status?wait=60`);
    for (let index = 0; index < 5; index++) expect(await get("/healthz")).toBe(200);
    open();
    // Who waits for the run's end is told of it, although the server ends with it.
    await waiting.closed;
    expect(waiting.text()).toStartWith("HTTP/1.1 200 OK\r\n");
    expect(waiting.text()).toContain('"state":"completed"');
    expect(await exit).toBe(0);
  }, 120_000);

  test("can still be told to cancel", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const runId = await server.api.submit(jobs(2, { concurrency: 1 }));
    await eventually("it is in flight", () => endpoint.inFlight() === 1);
    const exit = server.stop();
    await eventually("it drains", () => server.log().includes('"stopping"'));
    const response = await post(server, `${runId}/cancel`);
    expect([response.status, await response.json()]).toEqual([202, { runId, state: "cancelled" }]);
    expect(await exit).toBe(0);
    await using second = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    expect(await second.api.ended(runId)).toMatchObject({ state: "cancelled" });
    expect(endpoint.received).toHaveLength(1);
  }, 120_000);
});
