/** GET /{runId}/request: what a run was asked. */
import { describe, expect, test } from "bun:test";

import { RunRequest } from "../../src/domain/run.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { schemaFaultsOf } from "./schema.ts";
import { problemOf, regions, Served } from "./serving.ts";

const url = "https://example.com/";

async function requestOf(api: Served, runId: string): Promise<RunRequest> {
  const response = await api.get(`/${runId}/request`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("application/json");
  const request = (await response.json()) as RunRequest;
  expect(schemaFaultsOf(RunRequest, request)).toEqual([]);
  return request;
}

describe("GET /{runId}/request", () => {
  test("is the request again, with its settings and what was expected of each runner", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base, us: endpoint.base }) });
    const runners = ["eu", "us"].flatMap((region) =>
      ["a", "b"].map((name) => ({ name, region, input: { url, selector: "#x" } })),
    );
    const settings = {
      mode: "remote",
      concurrency: 2,
      timeout: 60_000,
      jobTimeout: 5_000,
      retries: 1,
      tags: ["nightly"],
      policy: "majority",
      ignore: ["details.at"],
    };
    const runId = await api.submit({
      ...settings,
      runners,
      expect: { "eu*": "pass", "*": "fail" },
    });
    const expected = runners.map((runner) => ({
      ...runner,
      expect: { [runner.region]: runner.region === "eu" ? "pass" : "fail" },
    }));
    expect(await requestOf(api, runId)).toEqual({ ...settings, runners: expected } as RunRequest);
    await api.ended(runId);
    const request = await requestOf(api, runId);
    expect(request.runners as unknown).toEqual(expected);
    // It works as it stands.
    expect(await requestOf(api, await api.submit(request))).toEqual(request);
  });

  test("has nothing that was not asked for and goes without saying", async () => {
    using endpoint = startEndpoint();
    const given = { regions: regions({ eu: endpoint.base }), maxRunTime: 60_000 };
    await using api = new Served(given);
    const request = { mode: "remote", runners: [{ name: "a", region: "eu", input: { url } }] };
    const least = await requestOf(api, await api.submit(request));
    expect(least).toEqual(request as RunRequest);
    const limited = { ...request, timeout: 59_999 };
    expect(await requestOf(api, await api.submit(limited))).toEqual(limited as RunRequest);
  });

  test("does not tell secrets again", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const input = { url, user: { name: "ada", password: "hunter2" } };
    const runId = await api.submit({
      mode: "remote",
      runners: [{ name: "a", region: "eu", input }],
    });
    const text = await (await api.get(`/${runId}/request`)).text();
    expect(text).toContain('"password":"[redacted]"');
    expect(text).toContain('"name":"ada"');
    expect(text).not.toContain("hunter2");
  });

  test("is a problem for a run that is not there, and has no body for HEAD", async () => {
    await using api = new Served();
    expect(await problemOf(await api.get("/nobody/request"))).toMatchObject({
      code: "run_not_found",
    });
    using endpoint = startEndpoint();
    await using other = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await other.submit({
      mode: "remote",
      runners: [{ name: "a", region: "eu", input: { url } }],
    });
    const head = await other.get(`/${runId}/request`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });
});
