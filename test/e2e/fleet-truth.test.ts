/** Fleet truth over real processes: warnings, strict submits, answers from elsewhere. */
import { describe, expect, test } from "bun:test";

import type { Problem } from "../../src/http/problem.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { volley } from "./cli.ts";
import { type Mock, mock } from "./mocking.ts";
import { serve, type Serving } from "./serving.ts";

/** Each runner in each region. */
function request(runners: readonly string[], regions: readonly string[], more = {}) {
  const input = { url: "https://example.com" };
  const each = runners.flatMap((name) => regions.map((region) => ({ name, region, input })));
  return { runners: each, mode: "remote", ...more };
}

async function post({ origin }: Serving, body: unknown, path = "") {
  const response = await fetch(`${origin}/api/orchestrator${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Accepted & Problem };
}

interface Accepted {
  readonly runId: string;
  readonly warnings?: readonly unknown[];
}

/** Once the server has heard from all of its regions. */
async function heard({ origin }: Serving): Promise<void> {
  await eventually("every region was asked", async () => {
    const text = await (await fetch(`${origin}/api/orchestrator/regions`)).text();
    return !text.includes('"unknown"');
  });
}

const executed = (mocked: Mock): number => mocked.log().split('"message":"job"').length - 1;

const WARNING = {
  code: "missing_runner",
  message: 'Region "us" offers no runner "b".',
  region: "us",
  runner: "b",
};

describe("runners that a requested region lacks", () => {
  test("are warned of in the answer to a submit and in the run, also after a restart", async () => {
    using folder = temporaryFolder();
    await using eu = await mock({ region: "eu", runners: "a,b" });
    await using us = await mock({ region: "us", runners: "a" });
    const options = { data: folder.path, regions: { eu: eu.base, us: us.base } };
    await using server = await serve(options);
    await heard(server);
    const { body, status } = await post(server, request(["a", "b"], ["eu", "us"]));
    expect([status, body]).toEqual([202, { runId: body.runId, warnings: [WARNING] }] as never);
    const run = await server.api.ended(body.runId);
    expect([run.state, run.warnings]).toEqual(["failed", [WARNING]] as never);
    expect(await server.api.status(body.runId)).toMatchObject({ warnings: [WARNING] });
    const rerun = await post(server, {}, `/${body.runId}/rerun`);
    expect(rerun.body.warnings).toEqual([WARNING]);
    const flags = ["--url", "https://a.example/", "--region", "us", "--detach"];
    const detached = await volley(server, ["run", "b", ...flags]);
    expect(detached.stdout).toMatch(/^run_\S+\n$/);
    expect(detached.stderr).toBe(`volley: Warning: ${WARNING.message}\n`);
    const fine = await post(server, request(["a"], ["eu", "us"]));
    expect(Object.keys(fine.body)).toEqual(["runId"]);
    await server.stop();
    await using again = await serve(options);
    expect((await again.api.ended(body.runId)).warnings).toEqual([WARNING] as never);
  }, 120_000);

  test("make a strict submit a 422 that lists them, before anything is sent", async () => {
    using folder = temporaryFolder();
    await using eu = await mock({ region: "eu", runners: "a,b" });
    await using us = await mock({ region: "us", runners: "a" });
    await using gone = await mock();
    await gone.stop();
    const regions = { eu: eu.base, us: us.base, gone: gone.base };
    await using server = await serve({ data: folder.path, regions });
    const strict = { strict: true, runId: "strict" };
    const { body, status } = await post(server, request(["b", "c"], ["eu", "us"], strict));
    expect([status, body.code]).toEqual([422, "missing_runners"]);
    expect(body.errors).toEqual([
      { path: "/runners/1/name", message: 'Region "us" offers no runner "b".' },
      { path: "/runners/2/name", message: 'Region "eu" offers no runner "c".' },
      { path: "/runners/3/name", message: 'Region "us" offers no runner "c".' },
    ]);
    expect((await fetch(`${server.origin}/api/orchestrator/strict`)).status).toBe(404);
    expect([executed(eu), executed(us)]).toEqual([0, 0]);
    const taken = await post(server, request(["a"], ["eu", "us", "gone"], strict));
    expect([taken.status, taken.body]).toEqual([202, { runId: "strict" }] as never);
    const { jobs } = await server.api.ended("strict");
    expect(jobs.map(({ errorCode, state }) => [state, errorCode])).toEqual([
      ["completed", undefined],
      ["completed", undefined],
      ["failed", "connection_refused"],
    ]);
  }, 120_000);
});

describe("an answer that may be that of another region", () => {
  test("is marked: the endpoint says so, its info does, or two regions share it", async () => {
    using folder = temporaryFolder();
    await using right = await mock({ region: "right" });
    await using moved = await mock({ region: "moved", script: "region:mars" });
    await using wrong = await mock({ region: "elsewhere" });
    await using one = await mock();
    const regions = {
      right: right.base,
      moved: moved.base,
      wrong: wrong.base,
      twin: one.base,
      other: `${one.base}/`,
    };
    await using server = await serve({ data: folder.path, regions });
    await heard(server);
    const { body } = await post(server, request(["a"], Object.keys(regions)));
    const { jobs } = await server.api.ended(body.runId);
    expect(Object.fromEntries(jobs.map((job) => [job.region, job.regionMismatch]))).toEqual({
      right: undefined,
      moved: { message: 'The endpoint says it is in region "mars".', reported: "mars" },
      wrong: { message: 'The endpoint says it is in region "elsewhere".', reported: "elsewhere" },
      twin: { message: "The endpoint is also that of other.", sharedWith: ["other"] },
      other: { message: "The endpoint is also that of twin.", sharedWith: ["twin"] },
    });
    expect(jobs.every(({ state }) => state === "completed")).toBe(true);
  }, 120_000);
});
