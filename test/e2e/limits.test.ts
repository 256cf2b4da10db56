/** How much is in flight and how much may wait, through the compiled binary. */
import { describe, expect, test } from "bun:test";

import { gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Scrape } from "../support/prometheus.ts";
import { indexOf, jobs, serve } from "./serving.ts";

/** So many jobs in each region, one URL after the other. */
function spread(regions: readonly string[], count: number, more: object = {}) {
  const runners = Array.from({ length: count }, (_, index) => index).flatMap((index) =>
    regions.map((region) => ({
      name: "a",
      region,
      input: { url: `https://example.com/${index}` },
    })),
  );
  return { mode: "remote", runners, ...more };
}

describe("volley serve --max-in-flight-per-region", () => {
  test("holds each region to its limit, and lets none hold up the others", async () => {
    using folder = temporaryFolder();
    using stuck = startEndpoint(() => new Promise<never>(() => {}));
    using quick = startEndpoint(async (received) => {
      await eventually("as many as may are in flight", () => quick.peak() === 3);
      return pass(received);
    });
    await using server = await serve({
      data: folder.path,
      regions: { stuck: stuck.base, quick: quick.base },
      args: ["--max-in-flight-per-region", "3"],
    });
    const runs = [
      await server.api.submit(spread(["stuck", "quick"], 40)),
      await server.api.submit(spread(["stuck", "quick"], 40)),
    ];
    await eventually("all of the quick region is done", () => quick.received.length === 80);
    await eventually("its answers are kept", async () => {
      const statuses = await Promise.all(runs.map((runId) => server.api.status(runId)));
      return statuses.every(({ completedJobs }) => completedJobs === 40);
    });
    expect(quick.peak()).toBe(3);
    expect(stuck.received).toHaveLength(3);
    const metrics = new Scrape(await (await fetch(`${server.origin}/metrics`)).text());
    expect(metrics.value("volley_jobs_in_flight", { region: "stuck" })).toBe(3);
    expect(metrics.value("volley_jobs_queued")).toBe(77);
    // What the hanging region held is free again after a cancel.
    for (const runId of runs) {
      await fetch(`${server.api.base}/${runId}/cancel`, { method: "POST" });
    }
    const next = await server.api.submit(spread(["stuck"], 3));
    await eventually("the next run has its turn", () => {
      return stuck.received.filter(({ body }) => body.runId === next).length === 3;
    });
    expect((await server.api.status(next)).runningJobs).toBe(3);
  }, 120_000);

  test("holds for jobs that a restart finds, too", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (received) => {
      await opened;
      return pass(received);
    });
    const options = {
      data: folder.path,
      regions: { eu: endpoint.base },
      args: ["--max-in-flight-per-region", "4"],
    };
    await using first = await serve(options);
    const runId = await first.api.submit(jobs(30));
    await eventually("four are in flight", () => endpoint.received.length === 4);
    await first.stop("SIGKILL");
    await eventually("they have gone", () =>
      endpoint.received.every(({ signal }) => signal.aborted),
    );
    await using second = await serve(options);
    await eventually("four are in flight again", () => endpoint.received.length === 8);
    expect((await second.api.status(runId)).queuedJobs).toBe(26);
    open();
    expect(await second.api.ended(runId)).toMatchObject({ summary: { passed: 30 } });
    // Of the four that were cut off the stub still waits to answer.
    expect(endpoint.peak()).toBeLessThanOrEqual(8);
  }, 120_000);
});

describe("volley serve --max-in-flight", () => {
  test("is never passed, whatever runs, and lets small runs through beside large ones", async () => {
    using folder = temporaryFolder();
    const [all, first] = [gate(), gate()];
    using endpoint = startEndpoint(async (received) => {
      // The large run goes on when the small ones wait beside it, and not to its end before theirs.
      await all.opened;
      if (indexOf(received) >= 350) await first.opened;
      return pass(received);
    });
    await using server = await serve({
      data: folder.path,
      regions: { eu: endpoint.base, us: endpoint.base },
      args: ["--max-in-flight", "7"],
    });
    const large = await server.api.submit(spread(["eu", "us"], 400));
    await eventually("as many as may are in flight", () => endpoint.inFlight() === 7);
    const small = await Promise.all(
      Array.from({ length: 5 }, () => server.api.submit(spread(["eu"], 3))),
    );
    all.open();
    for (const runId of small) await server.api.ended(runId);
    const { queuedJobs, state } = await server.api.status(large);
    expect([state, queuedJobs > 0]).toEqual(["running", true]);
    first.open();
    expect(await server.api.ended(large)).toMatchObject({ summary: { passed: 800 } });
    expect(endpoint.peak()).toBe(7);
    expect(endpoint.received).toHaveLength(815);
  }, 120_000);
});

describe("volley serve --max-backlog", () => {
  test("answers 429 past it, keeps what it took, and takes more when there is room", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (received) => {
      await opened;
      return pass(received);
    });
    const options = {
      data: folder.path,
      regions: { eu: endpoint.base },
      args: ["--max-backlog", "50", "--max-in-flight", "5"],
    };
    await using first = await serve(options);
    const accepted = [await first.api.submit(jobs(50))];
    await eventually("five are in flight", () => endpoint.received.length === 5);
    const answers = await Promise.all(Array.from({ length: 40 }, () => first.api.post(jobs(2))));
    for (const response of answers) {
      const body = (await response.json()) as { runId: string; code: string };
      if (response.status === 202) {
        accepted.push(body.runId);
      } else {
        expect([response.status, body.code]).toEqual([429, "at_capacity"]);
        expect(response.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
      }
    }
    expect(accepted).toHaveLength(1 + 2);
    // What waited before a crash waits after it, and counts.
    await first.stop("SIGKILL");
    await using second = await serve(options);
    expect((await second.api.post(jobs(50))).status).toBe(429);
    open();
    for (const runId of accepted) {
      expect(await second.api.ended(runId)).toMatchObject({ state: "completed" });
    }
    expect(await second.api.ended(await second.api.submit(jobs(50)))).toMatchObject({
      summary: { passed: 50 },
    });
  }, 120_000);
});
