/** volley mock-runner: what an orchestrator makes of every entry of a script. */
import { describe, expect, test } from "bun:test";

import type { Job } from "../../src/domain/job.ts";
import { temporaryFolder } from "../support/folder.ts";
import { inTime } from "../support/in-time.ts";
import { runToEnd } from "../support/process.ts";
import { mock, type MockOptions } from "./mocking.ts";
import { jobs, serve } from "./serving.ts";

/** The jobs of a run against one mock runner, in the order they were dispatched. */
async function ran(options: MockOptions, more: Record<string, unknown>, count: number) {
  using folder = temporaryFolder();
  await using mocked = await mock(options);
  const args = ["--max-response", "64KiB"];
  await using server = await serve({ data: folder.path, regions: { eu: mocked.base }, args });
  const run = await server.api.ended(
    await server.api.submit(jobs(count, { concurrency: 1, ...more })),
  );
  await mocked.stop();
  return { jobs: run.jobs, log: mocked.log() };
}

const brief = ({ errorCode, results, state }: Job): string =>
  [state, errorCode ?? "", ...results.map(({ status }) => status)].join(" ");

/** How 40 jobs end that pass or fail by chance. */
async function flaky(seed: number): Promise<string[]> {
  return (await ran({ script: "flaky:0.5", seed }, {}, 40)).jobs.map(brief);
}

describe("volley mock-runner", () => {
  test("answers each job by the next entry of its script, and begins again after the last", async () => {
    const outcomes = {
      pass: "completed  pass",
      fail: "completed  fail",
      error: "completed  error",
      "500": "failed bad_status error",
      "429:1s": "failed bad_status error",
      reset: "failed connection_reset error",
      garbage: "failed bad_body error",
      huge: "failed response_too_large error",
      redirect: "failed redirect_refused error",
      missing: "failed runner_not_found error",
      short: "failed missing_results error",
      "slow:20ms": "completed  pass",
      "region:us": "completed  pass",
      "flaky:1": "completed  fail",
      "flaky:0": "completed  pass",
    };
    const entries = Object.keys(outcomes);
    const script = entries.join(",");
    const { jobs: ended, log } = await ran({ script, region: "eu" }, {}, entries.length + 2);
    const expected = Object.values(outcomes);
    expect(ended.map(brief)).toEqual([...expected, ...expected.slice(0, 2)]);
    const told = [...log.matchAll(/"message":"job","entry":"([^"]+)"/g)].map(([, entry]) => entry);
    expect(told).toEqual([...entries, ...entries.slice(0, 2)]);
  }, 120_000);

  test("says where the runners are to an orchestrator that asks elsewhere", async () => {
    using folder = temporaryFolder();
    await using mocked = await mock();
    await using server = await serve({ data: folder.path, regions: { eu: mocked.origin } });
    const run = await server.api.ended(await server.api.submit(jobs(1)));
    expect(run.jobs[0]?.error).toBe(
      "The endpoint answered HTTP status 404: There is nothing here; the runners are at /api/runner.",
    );
  }, 120_000);

  test("hangs until its client gives up, and goes on with the next", async () => {
    const { jobs: ended } = await inTime(
      200,
      (jobTimeout) => ran({ script: "hang,pass" }, { jobTimeout, concurrency: 1 }, 2),
      ({ jobs: seen }) => seen[1]?.state === "completed",
    );
    expect(ended.map(brief)).toEqual(["timed_out job_timed_out error", "completed  pass"]);
  }, 120_000);

  test("lets an attempt be repeated: each takes an entry of its own", async () => {
    const { jobs: ended } = await ran({ script: "503,reset,pass" }, { retries: 2 }, 1);
    expect(ended.map(brief)).toEqual(["completed  pass"]);
    expect(ended.map(({ attempts }) => attempts)).toEqual([3]);
  }, 120_000);

  test("fails the same runners for the same seed, and others for another", async () => {
    const [one, again, other] = await Promise.all([flaky(7), flaky(7), flaky(8)]);
    expect(one).toEqual(again);
    expect(one).not.toEqual(other);
    expect(new Set(one)).toEqual(new Set(["completed  pass", "completed  fail"]));
  }, 120_000);

  test("offers the runners it is told to, and no others", async () => {
    const { jobs: ended } = await ran({ runners: "a,b", script: "pass" }, {}, 1);
    expect(ended.map(brief)).toEqual(["failed runner_not_found error"]);
    await using mocked = await mock({ runners: "a,b", region: "eu" });
    const info: unknown = await (await fetch(`${mocked.base}/info`)).json();
    expect(info).toMatchObject({ runners: ["a", "b"], count: 2, region: "eu" });
    await using open = await mock();
    expect(await (await fetch(`${open.base}/info`)).json()).not.toHaveProperty("runners");
  }, 120_000);

  test("answers a wrapped request wrapped, as the SDK's client sends it", async () => {
    await using mocked = await mock({ region: "eu" });
    const response = await fetch(`${mocked.base}/execute`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ json: { url: "https://example.com", runners: ["a"], runId: "r" } }),
    });
    expect(await response.json()).toEqual({
      json: { region: "eu", runId: "r", results: [{ name: "a", status: "pass", durationMs: 0 }] },
    });
  });

  test("prints one line when it is ready, and stops on SIGTERM although a job hangs", async () => {
    await using mocked = await mock({ script: "hang" });
    const hanging = fetch(`${mocked.base}/execute`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url: "https://example.com", runners: ["a"] }),
    }).then(
      () => "answered",
      () => "closed",
    );
    while (!mocked.log().includes('"entry":"hang"')) await Bun.sleep(10);
    expect(await mocked.stop()).toBe(0);
    expect(await hanging).toBe("closed");
    expect(mocked.out()).toBe(`volley listening on ${mocked.origin}\n`);
  }, 120_000);

  test("refuses a faulty script with exit code 2, naming every entry that is wrong", async () => {
    const args = ["mock-runner", "--script", "pass,explode,slow:x,404:1s", "--prot", "1"];
    const { code, stderr, stdout } = await runToEnd({ args });
    expect([code, stdout]).toEqual([2, ""]);
    for (const named of ["--prot", '"explode"', '"slow:x"', '"404:1s"']) {
      expect(stderr).toContain(named);
    }
  });
});
