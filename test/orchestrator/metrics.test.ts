import { describe, expect, test } from "bun:test";

import { Metrics } from "../../src/lib/metrics.ts";
import { orchestratorMetrics } from "../../src/orchestrator/metrics.ts";
import { Dispatches, indexOf, passed, request, Stage, unlucky } from "./stage.ts";

/** The value of a line of the scrape; undefined if there is none. */
function value(scrape: string, name: string): number | undefined {
  const line = scrape.split("\n").find((line) => line.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}

describe("orchestratorMetrics", () => {
  test("tells what runs and jobs came to, by state and region", async () => {
    const stage = new Stage({
      dispatches: new Dispatches((job, nth) =>
        nth === 1 ? unlucky() : indexOf(job) === 1 ? { state: "failed" } : passed(job),
      ),
    });
    await stage.ended(await stage.submit(request(3, { retries: 1 })), () =>
      stage.clock.advance(1_000),
    );
    await stage.observe("run.ended", 1);
    const metrics = new Metrics();
    const { observe } = orchestratorMetrics(metrics, () => stage.orchestrator);
    for (const observation of stage.observed) observe(observation);
    const scrape = metrics.render();
    expect(value(scrape, "volley_runs_accepted_total")).toBe(1);
    expect(value(scrape, 'volley_runs_ended_total{state="failed"}')).toBe(1);
    expect(value(scrape, 'volley_jobs_ended_total{state="completed",region="eu"}')).toBe(2);
    expect(value(scrape, 'volley_jobs_ended_total{state="failed",region="eu"}')).toBe(1);
    expect(value(scrape, 'volley_job_retries_total{region="eu"}')).toBe(1);
    expect(value(scrape, 'volley_dispatch_seconds_count{region="eu"}')).toBe(4);
    expect(value(scrape, 'volley_jobs_in_flight{region="eu"}')).toBe(0);
    expect(value(scrape, "volley_jobs_queued")).toBe(0);
    expect(value(scrape, "volley_runs_active")).toBe(0);
  });

  test("tells the region also of jobs that had no turn", async () => {
    const stage = new Stage({ dispatches: new Dispatches(() => undefined), maxInFlight: 1 });
    const runId = await stage.submit(request(4));
    await stage.dispatches.reach(1);
    await stage.orchestrator.cancel(runId);
    await stage.observe("run.ended", 1);
    const metrics = new Metrics();
    const { observe } = orchestratorMetrics(metrics, () => stage.orchestrator);
    for (const observation of stage.observed) observe(observation);
    const ended = 'volley_jobs_ended_total{state="cancelled",region="eu"}';
    expect(value(metrics.render(), ended)).toBe(4);
  });

  test("tells what is in flight and what waits, as it is now", async () => {
    const stage = new Stage({ dispatches: new Dispatches(() => undefined), maxInFlight: 2 });
    await stage.submit(request(5));
    await stage.dispatches.reach(2);
    const metrics = new Metrics();
    const { observe } = orchestratorMetrics(metrics, () => stage.orchestrator);
    for (const observation of stage.observed) observe(observation);
    expect(value(metrics.render(), 'volley_jobs_in_flight{region="eu"}')).toBe(2);
    expect(value(metrics.render(), "volley_jobs_queued")).toBe(3);
    expect(value(metrics.render(), "volley_runs_active")).toBe(1);
  });

  test("tells times in seconds", () => {
    const metrics = new Metrics();
    const { committed, late, observe } = orchestratorMetrics(metrics, () => ({
      activeRuns: 0,
      backlog: 0,
      replicas: 3,
      leaseLeftMs: 4_500,
    }));
    committed(5);
    late(20);
    observe({ type: "job.answered", region: "eu", ms: 2_500 });
    const scrape = metrics.render();
    expect(value(scrape, "volley_replicas")).toBe(3);
    expect(value(scrape, "volley_lease_seconds")).toBe(4.5);
    expect(value(scrape, "volley_commit_seconds_sum")).toBe(0.005);
    expect(value(scrape, "volley_event_loop_lag_seconds_sum")).toBe(0.02);
    expect(value(scrape, 'volley_dispatch_seconds_sum{region="eu"}')).toBe(2.5);
    expect(value(scrape, 'volley_dispatch_seconds_bucket{region="eu",le="1"}')).toBe(0);
    expect(value(scrape, 'volley_dispatch_seconds_bucket{region="eu",le="2.5"}')).toBe(1);
  });
});
