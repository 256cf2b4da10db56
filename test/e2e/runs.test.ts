/** Runs through the compiled binary, from submit to summary, over real HTTP. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { type Answer, type Endpoint, gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { inTime } from "../support/in-time.ts";
import { counts, indexOf, jobs, serve, type Serving } from "./serving.ts";

const TOKEN = "t0ken-that-never-leaves";

let folder: ReturnType<typeof temporaryFolder>;
let endpoint: Endpoint;
let refusing: Endpoint;
let serving: Serving;
/** How the endpoint of region `eu` answers in the current test. */
let answer: Answer = pass;

beforeAll(async () => {
  folder = temporaryFolder();
  endpoint = startEndpoint((request) => answer(request));
  refusing = startEndpoint(() => new Response("no", { status: 503 }));
  const regions = { eu: { url: endpoint.base, token: TOKEN }, us: refusing.base };
  serving = await serve({ data: folder.path, regions });
}, 120_000);

afterAll(async () => {
  await serving[Symbol.asyncDispose]();
  for (const held of [endpoint, refusing, folder]) held[Symbol.dispose]();
});

/** Calls of the endpoint for one run. */
const received = (runId: string) => endpoint.received.filter(({ body }) => body.runId === runId);

describe("volley serve", () => {
  test("runs in every region and sums up", async () => {
    answer = pass;
    const runner = { name: "cookieBannerTest", input: { url: "https://example.com" } };
    const runners = ["eu", "us"].map((region) => ({ ...runner, region }));
    const runId = await serving.api.submit({ runners, mode: "remote" });
    const summary = await serving.api.ended(runId);
    expect(summary).toMatchObject({
      state: "failed",
      summary: { total: 2, passed: 1, failed: 0, errored: 1 },
      jobs: [
        { region: "eu", state: "completed", attempts: 1, results: [{ status: "pass" }] },
        {
          region: "us",
          state: "failed",
          error: "The endpoint answered HTTP status 503.",
          results: [{ name: "cookieBannerTest", status: "error", errorSource: "transport" }],
        },
      ],
    });
    expect(received(runId)[0]?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
    expect(JSON.stringify(summary) + serving.log()).not.toContain(TOKEN);
  });

  test("tells live counts that add up, and partial results, while a run is in progress", async () => {
    const { open, opened } = gate();
    answer = async (request) => {
      if (indexOf(request) >= 4) await opened;
      return pass(request);
    };
    const runId = await serving.api.submit(jobs(10, { concurrency: 7 }));
    const status = await eventually("four jobs have ended", async () => {
      const now = await serving.api.status(runId);
      const { ended, running } = counts(now);
      expect(running).toBeLessThanOrEqual(7);
      return ended === 4 && running === 6 && now;
    });
    expect(status).toMatchObject({ state: "running", totalJobs: 10, queuedJobs: 0 });
    const partial = await serving.api.summary(runId);
    expect(partial).toMatchObject({ state: "running", summary: { total: 10, passed: 4 } });
    expect(partial.jobs.map(({ state }) => state)).toEqual([
      ...Array<"completed">(4).fill("completed"),
      ...Array<"running">(6).fill("running"),
    ]);
    open();
    const summary = await serving.api.ended(runId);
    expect(summary).toMatchObject({ state: "completed", summary: { total: 10, passed: 10 } });
    expect(counts(await serving.api.status(runId))).toEqual({ queued: 0, running: 0, ended: 10 });
  });

  test("runs one job after another with concurrency 1, in fan-out order", async () => {
    let now = 0;
    let most = 0;
    answer = async (request) => {
      most = Math.max(most, ++now);
      await Bun.sleep(2);
      now--;
      return pass(request);
    };
    const runId = await serving.api.submit(jobs(12, { concurrency: 1 }));
    expect(await serving.api.ended(runId)).toMatchObject({ summary: { passed: 12 } });
    expect(most).toBe(1);
    expect(received(runId).map(indexOf)).toEqual(Array.from({ length: 12 }, (_, index) => index));
  });

  test("keeps three in flight with concurrency 3, as a sliding window", async () => {
    const { open, opened } = gate();
    let now = 0;
    let most = 0;
    answer = async (request) => {
      most = Math.max(most, ++now);
      // The first job outlasts all others: batches of three would wait for it.
      await (indexOf(request) === 0 ? opened : eventually("three in flight", () => most >= 3));
      now--;
      return pass(request);
    };
    const runId = await serving.api.submit(jobs(12, { concurrency: 3 }));
    await eventually("all but the first have ended", async () => {
      const { ended, running } = counts(await serving.api.status(runId));
      return ended === 11 && running === 1;
    });
    open();
    expect(await serving.api.ended(runId)).toMatchObject({ summary: { passed: 12 } });
    expect(most).toBe(3);
  });

  test("has 600 jobs in flight at once when nothing limits them", async () => {
    let most = 0;
    let now = 0;
    const { open, opened } = gate();
    answer = async (request) => {
      most = Math.max(most, ++now);
      if (now === 600) open();
      await opened;
      return pass(request);
    };
    const runId = await serving.api.submit(jobs(600));
    const summary = await serving.api.ended(runId);
    expect(summary).toMatchObject({ state: "completed", summary: { total: 600, passed: 600 } });
    expect(most).toBe(600);
    expect(received(runId)).toHaveLength(600);
  }, 120_000);

  test("aborts what is in flight when the run's limit strikes, and answers for every runner", async () => {
    answer = (request) => (indexOf(request) === 0 ? pass(request) : new Promise<never>(() => {}));
    const { asked, limit, runId, summary } = await inTime(
      700,
      async (timeout) => {
        const runId = await serving.api.submit(jobs(6, { concurrency: 2, timeout }));
        const summary = await serving.api.ended(runId);
        return { asked: received(runId), limit: timeout, runId, summary };
      },
      ({ asked }) => asked.length === 3,
    );
    expect(asked.map(indexOf)).toEqual([0, 1, 2]);
    await eventually("the endpoint sees its clients go", () =>
      asked.slice(1).every(({ signal }) => signal.aborted),
    );
    expect(summary).toMatchObject({
      state: "timed_out",
      summary: { total: 6, passed: 1, failed: 0, errored: 5 },
    });
    expect(summary.jobs.map(({ state }) => state)).toEqual([
      "completed",
      ...Array<"timed_out">(5).fill("timed_out"),
    ]);
    for (const [index, job] of summary.jobs.slice(1).entries()) {
      const when = index < 2 ? "while this job was in flight" : "before this job had its turn";
      const error = `The run's limit of ${limit} ms struck ${when}.`;
      expect(job).toMatchObject({ error, errorCode: "run_timed_out", errorSource: "timeout" });
      expect(job.attempts).toBe(index < 2 ? 1 : 0);
      expect(job.results).toEqual([
        {
          name: "titleTest",
          status: "error",
          errorMessage: error,
          errorCode: "run_timed_out",
          errorSource: "timeout",
        },
      ]);
    }
    expect(summary.durationMs).toBeGreaterThanOrEqual(limit - 1);
    expect(await serving.api.status(runId)).toMatchObject({ completedJobs: 1, failedJobs: 5 });
  });

  test("is hindered by no run that hangs", async () => {
    answer = (request) =>
      request.body.runId === "hangs" ? new Promise<never>(() => {}) : pass(request);
    await serving.api.submit(jobs(20, { runId: "hangs" }));
    const runId = await serving.api.submit(jobs(20));
    expect(await serving.api.ended(runId)).toMatchObject({ summary: { passed: 20 } });
    expect(counts(await serving.api.status("hangs"))).toMatchObject({ running: 20 });
  });

  test("says exactly one line on stdout, and JSON lines on stderr", () => {
    expect(serving.out()).toBe(`volley listening on ${serving.origin}\n`);
    const lines = serving.log().trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) {
      const { level, message, time } = JSON.parse(line) as Record<string, unknown>;
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(["info", "warn", "error"]).toContain(level as string);
      expect(message).toBeString();
    }
  });
});
