/** At capacity: past --max-backlog a submit is refused, never queued without bound. */
import { describe, expect, test } from "bun:test";

import { gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { Scrape } from "../support/prometheus.ts";
import { problemOf, regions, Served } from "./serving.ts";

const jobs = (count: number, more: object = {}) => ({
  mode: "remote",
  runners: Array.from({ length: count }, (_, index) => ({
    name: "a",
    region: "eu",
    input: { url: `https://example.com/${index}` },
  })),
  ...more,
});

const queued = async (api: Served): Promise<number> => {
  const response = await api.handler(new Request("http://localhost/metrics"));
  return new Scrape(await response.text()).value("volley_jobs_queued");
};

describe("POST /api/orchestrator past --max-backlog", () => {
  test("answers 429 at_capacity with Retry-After, and takes submits again later", async () => {
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (received) => {
      await opened;
      return pass(received);
    });
    await using api = new Served({
      regions: regions({ eu: endpoint.base }),
      maxInFlight: 2,
      maxBacklog: 10,
    });
    const first = await api.submit(jobs(10));
    await eventually("two are in flight", () => endpoint.inFlight() === 2);
    expect(await queued(api)).toBe(8);
    const second = await api.submit(jobs(2));
    for (const count of [1, 3]) {
      const response = await api.post(jobs(count));
      expect(response.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
      expect(await problemOf(response)).toMatchObject({ status: 429, code: "at_capacity" });
    }
    // Everything else goes on.
    expect((await api.get(`/${first}/status`)).status).toBe(200);
    expect((await api.get("")).status).toBe(200);
    open();
    for (const runId of [first, second]) {
      expect(await api.ended(runId)).toMatchObject({ state: "completed" });
    }
    expect(await queued(api)).toBe(0);
    expect(await api.ended(await api.submit(jobs(10)))).toMatchObject({ state: "completed" });
    expect(endpoint.peak()).toBe(2);
    expect(endpoint.received).toHaveLength(22);
  });

  test("is never passed by submits that come at once", async () => {
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    await using api = new Served({
      regions: regions({ eu: endpoint.base }),
      maxInFlight: 1,
      maxBacklog: 20,
    });
    const answers = await Promise.all(Array.from({ length: 60 }, () => api.post(jobs(3))));
    const accepted = answers.filter(({ status }) => status === 202);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(60 - accepted.length);
    // 20 waiting and 1 in flight: seven submits of three, at most.
    expect(accepted.length).toBeGreaterThanOrEqual(6);
    expect(accepted.length).toBeLessThanOrEqual(7);
    const listed = (await (await api.get("?limit=100")).json()) as { runs: unknown[] };
    expect(listed.runs).toHaveLength(accepted.length);
  });

  test("counts for a rerun, too", async () => {
    let failing = true;
    using endpoint = startEndpoint((received) =>
      failing ? new Response("no", { status: 502 }) : new Promise<never>(() => received),
    );
    await using api = new Served({
      regions: regions({ eu: endpoint.base }),
      maxInFlight: 1,
      maxBacklog: 4,
    });
    const parent = await api.submit(jobs(4));
    await api.ended(parent);
    failing = false;
    await api.submit(jobs(3));
    await eventually("one is in flight, two wait", async () => (await queued(api)) === 2);
    const rerun = await api.get(`/${parent}/rerun`, { method: "POST" });
    expect(rerun.headers.has("retry-after")).toBeTrue();
    expect(await problemOf(rerun)).toMatchObject({ status: 429, code: "at_capacity" });
  });

  test("is freed by a cancel", async () => {
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    await using api = new Served({
      regions: regions({ eu: endpoint.base }),
      maxInFlight: 1,
      maxBacklog: 5,
    });
    const runId = await api.submit(jobs(5));
    await eventually("one is in flight", async () => (await queued(api)) === 4);
    expect((await api.post(jobs(5))).status).toBe(429);
    await api.get(`/${runId}/cancel`, { method: "POST" });
    expect((await api.post(jobs(5))).status).toBe(202);
  });

  test("does not count runs that were refused", async () => {
    await using api = new Served({ regions: regions({ eu: "http://127.0.0.1:9" }), maxBacklog: 5 });
    for (let index = 0; index < 20; index++) {
      expect(await problemOf(await api.post(jobs(6)))).toMatchObject({
        status: 400,
        detail: "The request comes to 6 jobs; at most 5 may wait.",
      });
      expect((await api.post(jobs(1, { mode: "local" }))).status).toBe(422);
    }
    expect(await queued(api)).toBe(0);
    expect((await api.post(jobs(5))).status).toBe(202);
  });
});

describe("a limit per region", () => {
  test("lets a region that hangs hold up no other, even of a run with a window", async () => {
    using stuck = startEndpoint(() => new Promise<never>(() => {}));
    using quick = startEndpoint();
    await using api = new Served({
      regions: regions({ stuck: stuck.base, quick: quick.base }),
      maxInFlightPerRegion: 1,
    });
    const runners = [0, 1, 2, 3].flatMap((index) =>
      ["stuck", "quick"].map((region) => ({
        name: "a",
        region,
        input: { url: `https://example.com/${index}` },
      })),
    );
    await api.submit({ mode: "remote", runners, concurrency: 2 });
    await eventually("the quick region is done", () => quick.received.length === 4);
    await eventually("the other is asked", () => stuck.received.length > 0);
    expect(stuck.received).toHaveLength(1);
  });
});
