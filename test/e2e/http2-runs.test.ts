/** Whole runs over HTTP/2 through the compiled binary: limits, broken streams, and every job once. */
import { describe, expect, test } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { startHttp2Endpoint } from "../support/http2-endpoint.ts";
import { inTime } from "../support/in-time.ts";
import { random } from "../support/random.ts";
import { CA_FILE } from "../support/tls.ts";
import { jobs, serve } from "./serving.ts";

const env = { NODE_EXTRA_CA_CERTS: CA_FILE };

/** How an endpoint answers, and what becomes of its job. */
const ANSWERS = [
  ["pass", "completed", undefined],
  ["brief", "completed", undefined],
  ["reset", "failed", "connection_reset"],
  ["large", "failed", "response_too_large"],
] as const;

describe("a run over HTTP/2", () => {
  test("that reaches its limit with 1 000 streams open leaves none open", async () => {
    const { next, posts, summary } = await inTime(
      6_000,
      async (timeout) => {
        using folder = temporaryFolder();
        await using endpoint = await startHttp2Endpoint();
        const regions = { eu: endpoint.base("hold"), other: endpoint.base("pass") };
        await using server = await serve({ data: folder.path, regions, env });
        const summary = await server.api.ended(await server.api.submit(jobs(1_000, { timeout })));
        const { posts } = await eventually("the endpoint sees all go", async () => {
          const state = await endpoint.state();
          const came = Object.keys(state.posts).length;
          return state.active === 0 && state.cancelled === came && state;
        });
        const runners = [{ name: "a", region: "other", input: { url: "https://example.com/" } }];
        const next = await server.api.ended(await server.api.submit({ runners, mode: "remote" }));
        return { next, posts: Object.values(posts), summary };
      },
      ({ posts }) => posts.length === 1_000,
    );
    expect(summary).toMatchObject({
      state: "timed_out",
      summary: { total: 1_000, errored: 1_000 },
    });
    expect(new Set(summary.jobs.map(({ errorCode }) => errorCode))).toEqual(
      new Set(["run_timed_out"]),
    );
    expect(posts).toEqual(Array.from({ length: 1_000 }, () => 1));
    expect(next.state).toBe("completed");
  }, 120_000);

  test("with broken answers and connections that end loses and doubles no job", async () => {
    const seed = random.seed();
    console.log(`TEST_SEED=${seed}`);
    const { pick } = random(seed);
    using folder = temporaryFolder();
    await using endpoint = await startHttp2Endpoint({ goawayEvery: 200, maxStreams: 100 });
    const regions = Object.fromEntries(ANSWERS.map(([name]) => [name, endpoint.base(name)]));
    const args = ["--max-in-flight", "200"];
    await using server = await serve({ data: folder.path, regions, env, args });
    const asked = Array.from({ length: 3_000 }, () => pick(ANSWERS));
    const runners = asked.map(([region], index) => ({
      name: "a",
      region,
      input: { url: `https://example.com/${index}` },
    }));
    const summary = await server.api.ended(await server.api.submit({ runners, mode: "remote" }));
    expect(summary.jobs).toHaveLength(3_000);
    for (const [index, job] of summary.jobs.entries()) {
      const [, state, errorCode] = asked[index] ?? [];
      expect(job).toMatchObject({ state, attempts: 1 });
      expect(job.errorCode).toBe(errorCode);
    }
    const { connections, posts } = await endpoint.state();
    expect(connections).toBeGreaterThan(10);
    expect(new Set(Object.keys(posts))).toEqual(new Set(summary.jobs.map(({ jobId }) => jobId)));
    expect(new Set(Object.values(posts))).toEqual(new Set([1]));
  }, 120_000);
});
