/** Retries and limits of single jobs, through the compiled binary. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { RunSummary } from "../../src/domain/run.ts";
import { response } from "../dispatch/zoo/beast.ts";
import { type Answer, type Endpoint, pass, startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { inTime } from "../support/in-time.ts";
import { startRawServer } from "../support/raw-server.ts";
import { jobs, serve, type Serving } from "./serving.ts";

const HANG: Answer = () => new Promise<never>(() => {});

let folder: ReturnType<typeof temporaryFolder>;
let endpoint: Endpoint;
let serving: Serving;
/** How the endpoint answers, by the number of the attempt; pass after that. */
let script: readonly Answer[] = [];
let arrivals: number[] = [];

beforeAll(async () => {
  folder = temporaryFolder();
  endpoint = startEndpoint((received) => {
    arrivals.push(performance.now());
    return (script[arrivals.length - 1] ?? pass)(received);
  });
  const regions = { eu: endpoint.base };
  serving = await serve({ data: folder.path, regions, args: ["--job-timeout", "400ms"] });
}, 120_000);

afterAll(async () => {
  await serving[Symbol.asyncDispose]();
  endpoint[Symbol.dispose]();
  folder[Symbol.dispose]();
});

const says = (status: number, headers: Record<string, string> = {}): Answer => {
  return () => new Response("no", { status, headers });
};

/** The same answer, so many milliseconds later. */
const after =
  (ms: number, answer: Answer): Answer =>
  async (received) => {
    await Bun.sleep(ms);
    return answer(received);
  };

/** A run against the script, ended; its jobs have all the time they need, unless `more` says. */
async function play(answers: readonly Answer[], more: object, count = 1): Promise<RunSummary> {
  script = answers;
  arrivals = [];
  const request = jobs(count, { jobTimeout: 600_000, ...more });
  return serving.api.ended(await serving.api.submit(request));
}

/** No limit of its own: that of the server holds. */
const LIMIT_OF_SERVER = { jobTimeout: undefined };

const passedAll = ({ summary }: RunSummary): boolean => summary.passed === summary.total;

describe("volley serve with retries", () => {
  test("repeats 429 and 503 until it passes, as the same job under the same key", async () => {
    const from = endpoint.received.length;
    const summary = await play([says(503), says(429), says(500)], { retries: 5 });
    expect(summary).toMatchObject({
      state: "completed",
      summary: { total: 1, passed: 1 },
      jobs: [{ attempts: 4, state: "completed" }],
    });
    const asked = endpoint.received.slice(from);
    expect(asked.map(({ headers }) => headers.get("idempotency-key"))).toEqual(
      Array<string>(4).fill(summary.jobs[0]?.jobId ?? ""),
    );
    expect(new Set(asked.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  }, 120_000);

  test("waits as long as Retry-After says", async () => {
    const summary = await play([says(429, { "retry-after": "1" })], { retries: 1 });
    expect(summary).toMatchObject({ state: "completed", jobs: [{ attempts: 2 }] });
    const [first = 0, second = 0] = arrivals;
    expect(second - first).toBeGreaterThanOrEqual(990);
  }, 120_000);

  test("gives up when they are used up, and says what the last attempt said", async () => {
    const summary = await play([says(503), says(503), says(502), pass], { retries: 2 });
    expect(summary).toMatchObject({
      state: "failed",
      jobs: [{ attempts: 3, errorCode: "bad_status" }],
    });
    expect(summary.jobs[0]?.error).toContain("502");
    expect(arrivals).toHaveLength(3);
  }, 120_000);

  test("does not wait for what the run's limit would not let happen", async () => {
    const answers = [says(503, { "retry-after": "3600" })];
    const summary = await play(answers, { retries: 5, timeout: 600_000 });
    expect(summary).toMatchObject({ state: "failed", jobs: [{ attempts: 1 }] });
  });

  test.each<[string, Answer]>([
    ["400", says(400)],
    ["401", says(401)],
    ["404", says(404)],
    ["HTML", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["a redirect", says(307, { location: "/" })],
    ["fewer results than asked", () => Response.json({ results: [] })],
    ["a verdict", () => Response.json({ results: [{ status: "fail" }] })],
    ["an error of the runner", () => Response.json({ results: [{ status: "error" }] })],
  ])("does not repeat %s", async (_what, answer) => {
    const summary = await play([answer], { retries: 5 });
    expect(summary.jobs[0]?.attempts).toBe(1);
    expect(arrivals).toHaveLength(1);
    expect(summary.summary.passed).toBe(0);
  });

  test("repeats nothing unless told to", async () => {
    expect(await play([says(503)], {})).toMatchObject({ jobs: [{ attempts: 1 }] });
    expect(arrivals).toHaveLength(1);
  });

  test("repeats what was reset, or could not be reached at all", async () => {
    const results = JSON.stringify({ results: [{ status: "pass" }] });
    let asked = 0;
    using flaky = await startRawServer((socket, { head }) => {
      // What it says of itself is no attempt.
      if (head.startsWith("GET ")) socket.end(response("{}"));
      else if (++asked < 3) socket.resetAndDestroy();
      else socket.end(response(results));
    });
    const nowhere = await startRawServer(() => {});
    nowhere[Symbol.dispose]();
    using own = temporaryFolder();
    const regions = { flaky: flaky.origin, nowhere: nowhere.origin };
    await using server = await serve({ data: own.path, regions });
    const runners = ["flaky", "nowhere"].map((region) => ({
      name: "a",
      region,
      input: { url: "https://example.com/" },
    }));
    const body = { mode: "remote", runners, retries: 2 };
    const { jobs: done } = await server.api.ended(await server.api.submit(body));
    expect(done).toMatchObject([
      { region: "flaky", state: "completed", attempts: 3 },
      { region: "nowhere", state: "failed", attempts: 3, errorCode: "connection_refused" },
    ]);
  }, 120_000);
});

describe("volley serve with a limit for jobs", () => {
  test("ends an attempt at --job-timeout, and the run as timed out", async () => {
    const summary = await play([HANG], LIMIT_OF_SERVER);
    expect(summary).toMatchObject({
      state: "timed_out",
      jobs: [{ state: "timed_out", attempts: 1, errorCode: "job_timed_out" }],
    });
    expect(summary.jobs[0]?.error).toContain("400 ms");
    expect(summary.jobs[0]?.durationMs).toBeGreaterThanOrEqual(399);
  });

  test("prefers jobTimeout of the request, longer or shorter", async () => {
    expect(await play([after(700, pass)], { jobTimeout: 600_000 })).toMatchObject({
      state: "completed",
    });
    const short = await play([HANG], { jobTimeout: 50 });
    expect(short.jobs[0]?.error).toContain("50 ms");
  });

  test("counts it for each attempt anew, from its dispatch", async () => {
    const repeated = await inTime(
      400,
      (jobTimeout) => {
        const late = after(0.6 * jobTimeout, says(503));
        return play([late, late], { retries: 2, jobTimeout });
      },
      passedAll,
    );
    expect(repeated).toMatchObject({ state: "completed", jobs: [{ attempts: 3 }] });
    // Jobs that wait for their turn have all their time before them.
    const queue = await inTime(
      400,
      (jobTimeout) => {
        const slow = Array<Answer>(4).fill(after(0.4 * jobTimeout, pass));
        return play(slow, { concurrency: 1, jobTimeout }, 4);
      },
      passedAll,
    );
    expect(queue).toMatchObject({ state: "completed", summary: { passed: 4 } });
  }, 120_000);

  test("ends only the job that hangs", async () => {
    const { jobs: done, state } = await inTime(
      400,
      (jobTimeout) => play([pass, HANG, pass], { concurrency: 1, jobTimeout }, 3),
      ({ summary }) => summary.passed === 2,
    );
    expect(state).toBe("timed_out");
    expect(done.map((job) => job.state)).toEqual(["completed", "timed_out", "completed"]);
  });

  test("repeats no attempt that its limit ended", async () => {
    const summary = await play([HANG], { retries: 3, jobTimeout: 80 });
    expect(summary).toMatchObject({ state: "timed_out", jobs: [{ attempts: 1 }] });
    // A limit as short as this one may strike before the endpoint is reached.
    expect(arrivals.length).toBeLessThanOrEqual(1);
  });
});
