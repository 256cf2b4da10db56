/** Nothing that a client or an endpoint says can break out of its line of an event stream. */
import { describe, expect, test } from "bun:test";

import type { Job } from "../../src/domain/job.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { EventReader } from "../support/sse.ts";
import { regions, Served } from "./serving.ts";
import { dataOf, expectWhole, type Started, watch } from "./watching.ts";

const EVIL = [
  "a\nevent: run.finished\ndata: {}\n\n",
  "a\r\nevent: evil\r\ndata: {}\r\n\r\n",
  "a\rid: 999\rdata: evil\r\r",
  "\u2028event: evil\u2029data: evil\u0085",
  "\u0000\u000b\u000c",
  ": comment\n: \n",
  "retry: 1\n",
  '"}\n\ndata: {"evil":true}\n\n',
  "\ufeffdata: evil\n\n",
];

describe("GET /api/orchestrator/{runId}/events", () => {
  test("keeps every event in its lines, whatever runners, URLs and details are called", async () => {
    const evil = EVIL.join("");
    using endpoint = startEndpoint(({ body }) =>
      Response.json({
        results: body.runners.map((_, index) => ({
          name: EVIL[index] ?? evil,
          status: "error",
          details: { [evil]: EVIL },
          errorMessage: evil,
          logs: [{ at: new Date().toISOString(), message: evil, meta: { [evil]: evil } }],
        })),
      }),
    );
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    // A request may not hold a NUL; an answer may.
    const sayable = EVIL.map((text) => text.replaceAll("\0", ""));
    const urls = sayable.map((text) => `https://example.com/?q=${text}`);
    const runners = urls.map((url) => ({
      name: "event: evil data: evil",
      region: "eu",
      input: { url, note: sayable.join("") },
    }));
    const response = await api.post({ mode: "remote", runners });
    const accepted = (await response.json()) as { runId: string };
    expect(response.status).toBe(202);
    const live = await (await watch(api, accepted.runId)).rest();
    expectWhole(live, EVIL.length);
    const summary = await api.ended(accepted.runId);
    const jobs = live.flatMap((event) =>
      event.type === "job.finished" ? [dataOf<{ job: Job }>(event).job] : [],
    );
    for (const job of summary.jobs) {
      expect(jobs.find(({ jobId }) => jobId === job.jobId)).toEqual(job);
      expect(JSON.stringify(job.results)).toContain("event: evil");
    }
    const started = live.flatMap((event) =>
      event.type === "job.started" ? [dataOf<Started>(event).url] : [],
    );
    expect(started.toSorted()).toEqual(urls.toSorted());
  });

  test("sends lines of three kinds only", async () => {
    using endpoint = startEndpoint(({ body }) =>
      Response.json({ results: body.runners.map(() => ({ status: "fail", details: EVIL })) }),
    );
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runners = [{ name: "a", region: "eu", input: { url: "https://example.com/" } }];
    const runId = await api.submit({ mode: "remote", runners });
    await api.ended(runId);
    const text = await (await api.get(`/${runId}/events`)).text();
    expect(text).toMatch(
      /^(id: \d+\nevent: (run\.started|job\.started|job\.finished|run\.finished)\ndata: \{[^\r\n]*\}\n\n)+$/,
    );
  });

  test("sends a sign of life about every 15 s, which is no event", async () => {
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runners = [{ name: "a", region: "eu", input: { url: "https://example.com/" } }];
    const runId = await api.submit({ mode: "remote", runners });
    const readers = await Promise.all(
      ["full", "progress"].map(
        async (detail) => new EventReader(await api.get(`/${runId}/events?detail=${detail}`)),
      ),
    );
    const began = performance.now();
    await Promise.all(
      readers.map(async (reader) => {
        while (reader.comments === 0) await reader.more();
      }),
    );
    // Three times what is promised; sooner is no fault.
    expect(performance.now() - began).toBeLessThan(45_000);
    for (const reader of readers) {
      expect(reader.comments).toBe(1);
      await reader.leave();
    }
  }, 120_000);
});
