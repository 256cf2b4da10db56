/** Everything a run that has ended owes: its one end, its results, its events. */
import { expect } from "bun:test";

import type { RunEvent } from "../../src/domain/event.ts";
import type { Job } from "../../src/domain/job.ts";
import { countResults } from "../../src/domain/result.ts";
import type { SummaryCounts } from "../../src/domain/run.ts";
import type { RunStore } from "../../src/store/store.ts";
import type { KnownRun } from "./ledger.ts";
import type { World } from "./world.ts";

export async function checkRun(world: World, known: KnownRun): Promise<void> {
  const { store } = world.life;
  const head = await store.findRun(known.runId);
  // Nobody was told that it was accepted: it need not be there.
  if (!head && !known.acknowledged) return;
  const jobs = await store.findJobs(known.runId, -1, 1_000);
  const { errored, failed, passed, total } = head!.summary;
  expect(total).toBe(known.request.runners.length);
  expect(passed + failed + errored).toBe(total);
  for (const job of jobs) {
    expect(["completed", "failed", "timed_out", "cancelled"]).toContain(job.state);
    expect(job.attempts).toBeLessThanOrEqual(world.ledger.mostAttempts(job.jobId, known));
    expect(job.durationMs ?? 0).toBeGreaterThanOrEqual(0);
  }
  const results = jobs.flatMap((job) => job.results);
  expect(countResults(results)).toEqual({ passed, failed, errored });
  expect(results.map(({ name }) => name).toSorted()).toEqual(
    known.request.runners.map(({ name }) => name).toSorted(),
  );
  checkJudgement(known, head!.summary, jobs);
  expect(head!.state).toBe(endState(jobs, head!.state === "cancelled"));
  if (known.cancelled) expect(head!.state).toBe("cancelled");
  await checkEvents(store, known, jobs, world.random.integer(1, 9));
}

/** Verdicts by the rule of the design: an error never is expected, and a policy counts regions. */
function checkJudgement({ request }: KnownRun, summary: SummaryCounts, jobs: readonly Job[]): void {
  const { policy = "all" } = request;
  const judged = request.expect !== undefined || request.policy !== undefined;
  const right = request.expect?.["*"] ?? "pass";
  const rows = new Map<string, Map<string, boolean>>();
  const asked = Map.groupBy(request.runners, ({ input, region = "" }) => `${region} ${input?.url}`);
  for (const { region = "", results, url } of jobs) {
    for (const [index, { status, verdict }] of results.entries()) {
      const expected = status === right;
      expect(verdict).toBe(judged ? (expected ? "expected" : "unexpected") : undefined);
      const { input, name } = asked.get(`${region} ${url}`)![index]!;
      const key = JSON.stringify([
        name,
        input?.url,
        (input as { readonly depth?: number })["depth"],
      ]);
      const row = rows.get(key) ?? new Map<string, boolean>();
      rows.set(key, row.set(region, (row.get(region) ?? true) && expected));
    }
  }
  const met = (row: ReadonlyMap<string, boolean>): boolean => {
    const fitting = [...row.values()].filter(Boolean).length;
    if (policy === "all") return fitting === row.size;
    return policy === "majority" ? fitting * 2 > row.size : fitting > 0;
  };
  const verdict = [...rows.values()].every(met) ? "expected" : "unexpected";
  expect(summary.verdict).toBe(judged ? verdict : undefined);
  const expected = jobs.flatMap(({ results }) => results).filter(({ status }) => status === right);
  expect(summary.expected).toBe(judged ? expected.length : undefined);
  expect(summary.unexpected).toBe(judged ? summary.total - expected.length : undefined);
}

/** The state of a run by its jobs, told by the rule of the design and not by the code. */
function endState(jobs: readonly Job[], cancelled: boolean): Job["state"] {
  if (cancelled) return "cancelled";
  if (jobs.some(({ state }) => state === "timed_out")) return "timed_out";
  return jobs.every(({ state }) => state === "completed") ? "completed" : "failed";
}

async function checkEvents(
  store: RunStore,
  { runId, seen }: KnownRun,
  jobs: readonly Job[],
  limit: number,
): Promise<void> {
  const late: RunEvent[] = [];
  for (let page = await store.findEvents(runId, 0, limit); page.length > 0;) {
    late.push(...page);
    page = await store.findEvents(runId, late.at(-1)!.id, limit);
  }
  // Who came late and who was there all along: both saw each end once, and the run's end last.
  for (const events of [late, seen]) {
    const ids = events.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
    expect(events.map(({ type }) => type).indexOf("run.started")).toBe(0);
    expect(events.findIndex(({ type }) => type === "run.finished")).toBe(events.length - 1);
    const ends = events.flatMap(({ data, type }) => (type === "job.finished" ? [data.job] : []));
    expect(byId(ends)).toEqual(byId(jobs));
  }
  const started = late.flatMap(({ data, type }) => (type === "job.started" ? [data] : []));
  expect(started.map(({ attempt, jobId }) => [jobId, attempt] as const).toSorted()).toEqual(
    jobs
      .filter((job) => job.attempts > 0)
      .map((job) => [job.jobId, job.attempts] as const)
      .toSorted(),
  );
}

const byId = (jobs: readonly Job[]): Job[] => jobs.toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1));
