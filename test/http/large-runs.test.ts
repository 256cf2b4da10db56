/** Runs of many jobs: accepted whole, answered in pages that are one JSON document together. */
import { describe, expect, test } from "bun:test";

import { RunSummary } from "../../src/domain/run.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { schemaFaultsOf } from "./schema.ts";
import { regions, Served } from "./serving.ts";

const numbered = (jobs: number) => ({
  mode: "remote",
  runners: Array.from({ length: jobs }, (_, index) => ({
    name: `runner ${index}`,
    region: "eu",
    input: { url: `https://example.com/${index}` },
  })),
});

describe("POST /api/orchestrator of a large body", () => {
  test("leaves the bytes to whoever sent them, and knows them when they come again", async () => {
    await using api = new Served({ regions: regions({ eu: "http://127.0.0.1:1" }) });
    // The spaces make it two mebibytes.
    const body = new TextEncoder().encode(JSON.stringify(numbered(9_000)).padEnd(2 * 1024 ** 2));
    const sum = new Bun.SHA256().update(body).digest("hex");
    const headers = { "content-type": "application/json", "idempotency-key": "once" };
    const announced = { ...headers, "content-length": String(body.length) };
    const statuses: number[] = [];
    for (const each of [announced, headers, announced]) {
      statuses.push((await api.get("", { method: "POST", headers: each, body })).status);
    }
    expect(statuses).toEqual([202, 200, 200]);
    expect(new Bun.SHA256().update(body).digest("hex")).toBe(sum);
  });
});

describe("GET /api/orchestrator/{runId} of a large run", () => {
  // On both sides of a page, and of many pages.
  test.each([1, 63, 64, 65, 127, 128, 129, 1_000])("has all of %d jobs, in order", async (jobs) => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await api.submit(numbered(jobs));
    const early = (await (await api.get(`/${runId}`)).json()) as RunSummary;
    expect(early.jobs).toHaveLength(jobs);
    expect(early.summary.total).toBe(jobs);
    const summary = await api.ended(runId);
    expect(schemaFaultsOf(RunSummary, summary)).toEqual([]);
    expect(summary.jobs.map(({ results }) => results.map(({ name }) => name))).toEqual(
      Array.from({ length: jobs }, (_, index) => [`runner ${index}`]),
    );
    expect(new Set(summary.jobs.map(({ jobId }) => jobId)).size).toBe(jobs);
    expect(summary.summary).toEqual({ total: jobs, passed: jobs, failed: 0, errored: 0 });
    expect(summary.durationMs).toBeNumber();
    expect(endpoint.received).toHaveLength(jobs);
  });

  test("is not cut by results that are large or odd", async () => {
    const odd = '"},{]}\u2028\u0007</script>\ud83d\ude00';
    using endpoint = startEndpoint(({ body }) =>
      Response.json({
        results: body.runners.map(() => ({
          status: "fail",
          errorMessage: odd,
          details: { [odd]: odd.repeat(500) },
        })),
      }),
    );
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const summary = await api.ended(await api.submit(numbered(200)));
    expect(summary.jobs).toHaveLength(200);
    for (const { results } of summary.jobs) {
      expect(results[0]).toMatchObject({ errorMessage: odd, details: { [odd]: odd.repeat(500) } });
    }
  });

  test("may be left unread", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await api.submit(numbered(300));
    await api.ended(runId);
    for (let index = 0; index < 20; index++) {
      const reader = (await api.get(`/${runId}`)).body?.getReader();
      await reader?.read();
      await reader?.cancel();
    }
    expect((await api.ended(runId)).jobs).toHaveLength(300);
  });

  test("of runners that share url and region is one job of many results", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const { runners } = numbered(1);
    const many = Array.from({ length: 2_000 }, (_, index) => ({
      ...runners[0],
      name: `r${index}`,
    }));
    const summary = await api.ended(await api.submit({ mode: "remote", runners: many }));
    expect(summary.jobs).toHaveLength(1);
    expect(summary.jobs[0]?.results.map(({ name }) => name)).toEqual(many.map(({ name }) => name));
    expect(endpoint.received).toHaveLength(1);
  });
});
