/** /metrics and /readyz, at the root. */
import { describe, expect, test } from "bun:test";

import { Metrics } from "../../src/lib/metrics.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { Scrape } from "../support/prometheus.ts";
import { problemOf, regions, request, Served } from "./serving.ts";

const root = (api: Served, path: string, method = "GET") =>
  api.handler(new Request(`http://localhost${path}`, { method }));

async function scrape(api: Served): Promise<Scrape> {
  const response = await root(api, "/metrics");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain;version=0.0.4;charset=utf-8");
  return new Scrape(await response.text());
}

describe("GET /metrics", () => {
  test("is valid before anything has happened, and names what is promised", async () => {
    await using api = new Served();
    const { names } = await scrape(api);
    expect(names.toSorted()).toEqual([
      "volley_commit_seconds",
      "volley_dispatch_seconds",
      "volley_event_loop_lag_seconds",
      "volley_job_retries_total",
      "volley_jobs_ended_total",
      "volley_jobs_in_flight",
      "volley_jobs_queued",
      "volley_lease_seconds",
      "volley_replicas",
      "volley_runs_accepted_total",
      "volley_runs_active",
      "volley_runs_claimed_total",
      "volley_runs_ended_total",
      "volley_runs_lost_total",
    ]);
  });

  test("adds up after runs of a known outcome", async () => {
    using good = startEndpoint();
    let refusals = 0;
    using flaky = startEndpoint(() =>
      refusals++ % 2 === 0
        ? new Response("no", { status: 503 })
        : Response.json({ results: [{ status: "fail" }] }),
    );
    using stuck = startEndpoint(() => new Promise<never>(() => {}));
    await using api = new Served({
      regions: regions({ good: good.base, flaky: flaky.base, stuck: stuck.base }),
    });
    await api.ended(await api.submit(request(["good", "flaky"], { retries: 1 })));
    await api.ended(await api.submit(request(["stuck"], { jobTimeout: 100 })));
    const open = await api.submit(request(["good", "stuck"], { concurrency: 2 }));
    await eventually("one has ended and one is in flight", async () => {
      const now = await scrape(api);
      const ended = now.value("volley_jobs_ended_total", { state: "completed", region: "good" });
      return ended === 2 && now.value("volley_jobs_in_flight", { region: "stuck" }) === 1;
    });
    const during = await scrape(api);
    expect(during.value("volley_runs_active")).toBe(1);
    expect(during.value("volley_jobs_queued")).toBe(0);
    await api.get(`/${open}/cancel`, { method: "POST" });
    const after = await scrape(api);
    const total = (name: string, labels = {}) => after.value(`volley_${name}`, labels);
    expect(total("runs_accepted_total")).toBe(3);
    for (const state of ["completed", "timed_out", "cancelled"]) {
      expect([state, total("runs_ended_total", { state })]).toEqual([state, 1]);
    }
    expect(total("runs_ended_total")).toBe(3);
    const completed = { state: "completed" };
    expect(total("jobs_ended_total", { ...completed, region: "good" })).toBe(2);
    expect(total("jobs_ended_total", { ...completed, region: "flaky" })).toBe(1);
    expect(total("jobs_ended_total", { state: "timed_out", region: "stuck" })).toBe(1);
    expect(total("jobs_ended_total", { state: "cancelled", region: "stuck" })).toBe(1);
    expect(total("jobs_ended_total")).toBe(5);
    expect(total("job_retries_total")).toBe(1);
    expect(total("job_retries_total", { region: "flaky" })).toBe(1);
    // One per attempt.
    expect(total("dispatch_seconds_count", { region: "good" })).toBe(2);
    expect(total("dispatch_seconds_count", { region: "flaky" })).toBe(2);
    expect(total("dispatch_seconds_count", { region: "stuck" })).toBe(2);
    expect(total("dispatch_seconds_sum", { region: "stuck" })).toBeGreaterThan(0.02);
    for (const gauge of ["jobs_in_flight", "jobs_queued", "runs_active"]) {
      expect([gauge, total(gauge)]).toEqual([gauge, 0]);
    }
    expect(total("commit_seconds_count")).toBeGreaterThan(5);
    await eventually("the event loop is watched", async () => {
      return (await scrape(api)).value("volley_event_loop_lag_seconds_count") > 0;
    });
  });

  test("counts a replayed submit once", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const key = { "idempotency-key": "once" };
    for (let index = 0; index < 3; index++) await api.post(request(["eu"]), key);
    expect((await scrape(api)).value("volley_runs_accepted_total")).toBe(1);
  });

  test("names no endpoint and no token", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    await api.ended(await api.submit(request(["eu"])));
    const text = await (await root(api, "/metrics")).text();
    expect(text).not.toContain("127.0.0.1");
    expect(text).not.toContain("t0ken");
  });
});

describe("Metrics", () => {
  test("escapes label values, so that a line stays a line", () => {
    const metrics = new Metrics();
    const count = metrics.counter("odd_total", "Odd.");
    const seen = metrics.histogram("odd_seconds", "Odd.", [1]);
    const names = ['"} 1\nevil_total 1', "back\\slash", "\\n", "\n", '"', "é{},=", ""];
    for (const name of names) {
      count({ name });
      seen(0.5, { name });
    }
    metrics.gauge("odd", "Odd.", () => names.map((name) => [{ name }, 2] as const));
    const scraped = new Scrape(metrics.render());
    expect(scraped.names).toEqual(["odd_total", "odd_seconds", "odd"]);
    for (const name of names) {
      expect([name, scraped.value("odd_total", { name })]).toEqual([name, 1]);
      expect([name, scraped.value("odd_seconds_count", { name })]).toEqual([name, 1]);
      expect([name, scraped.value("odd", { name })]).toEqual([name, 2]);
    }
  });

  test("sorts values into all buckets that hold them, bounds included", () => {
    const metrics = new Metrics();
    const seen = metrics.histogram("h", "H.", [0.5, 1, 10]);
    for (const value of [0, 0.5, 0.6, 1, 10, 11]) seen(value);
    const scraped = new Scrape(metrics.render());
    const buckets = scraped.samples("h_bucket").map(({ labels, value }) => [labels["le"], value]);
    expect(buckets).toEqual([
      ["0.5", 2],
      ["1", 4],
      ["10", 5],
      ["+Inf", 6],
    ]);
    expect([scraped.value("h_sum"), scraped.value("h_count")]).toEqual([23.1, 6]);
  });
});

describe("Scrape", () => {
  test.each([
    ["without an end", "# HELP a A.\n# TYPE a counter\na 1"],
    ["a sample nobody announced", "a 1\n"],
    ["no help", "# TYPE a counter\na 1\n"],
    ["a series twice", "# HELP a A.\n# TYPE a counter\na 1\na 2\n"],
    ["an open label", '# HELP a A.\n# TYPE a counter\na{x="1} 1\n'],
    ["no number", "# HELP a A.\n# TYPE a counter\na one\n"],
    [
      "shrinking buckets",
      '# HELP a A.\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
    ],
    [
      "a wrong count",
      '# HELP a A.\n# TYPE a histogram\na_bucket{le="+Inf"} 1\na_sum 1\na_count 2\n',
    ],
  ])("refuses text with %s", (_what, text) => {
    expect(() => new Scrape(text)).toThrow();
  });
});

describe("GET /readyz", () => {
  test("answers 200 while the server takes work and 503 while it drains", async () => {
    using stuck = startEndpoint(() => new Promise<never>(() => {}));
    await using api = new Served({ regions: regions({ eu: stuck.base }) });
    const ready = await root(api, "/readyz");
    expect([ready.status, await ready.json()]).toEqual([200, { status: "ready" }]);
    await api.submit(request(["eu"]));
    await eventually("a job is in flight", () => stuck.inFlight() === 1);
    const closing = api.close(300);
    const draining = await eventually("it is not ready", async () => {
      const response = await root(api, "/readyz");
      return response.status === 503 && response;
    });
    expect(draining.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await problemOf(draining)).toMatchObject({ code: "draining" });
    // It is alive all the same, and can be watched.
    expect((await root(api, "/healthz")).status).toBe(200);
    expect((await scrape(api)).value("volley_jobs_in_flight")).toBe(1);
    const refused = await api.post(request(["eu"]));
    expect(refused.headers.has("retry-after")).toBeTrue();
    expect(await problemOf(refused)).toMatchObject({ status: 503, code: "draining" });
    await closing;
  });

  test("knows HEAD, and no other method", async () => {
    await using api = new Served();
    for (const path of ["/readyz", "/metrics", "/healthz"]) {
      expect([path, (await root(api, path, "HEAD")).status]).toEqual([path, 200]);
      const response = await root(api, path, "POST");
      expect(response.headers.get("allow")).toBe("GET, HEAD");
      expect(await problemOf(response)).toMatchObject({ status: 405 });
    }
  });
});
