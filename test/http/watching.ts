/** Watching runs in this process: requests for event streams, and what they must hold. */
import { expect } from "bun:test";

import { Job } from "../../src/domain/job.ts";
import { RunStatus, SummaryCounts } from "../../src/domain/run.ts";
import { EventReader, idsOf, type ServerEvent } from "../support/sse.ts";
import { schemaFaultsOf } from "./schema.ts";
import type { Served } from "./serving.ts";

/** A run of so many jobs in region `eu`. */
export function numbered(jobs: number, more: object = {}) {
  const runners = Array.from({ length: jobs }, (_, index) => ({
    name: "a",
    region: "eu",
    input: { url: `https://example.com/${index}` },
  }));
  return { mode: "remote", runners, ...more };
}

export async function watch(
  api: Served,
  runId: string,
  { after, detail }: { readonly after?: string | number; readonly detail?: string } = {},
): Promise<EventReader> {
  const headers = after === undefined ? {} : { "last-event-id": String(after) };
  const query = detail === undefined ? "" : `?detail=${detail}`;
  return new EventReader(await api.get(`/${runId}/events${query}`, { headers }));
}

export const dataOf = <Data>({ data }: ServerEvent): Data => JSON.parse(data) as Data;

export interface Started {
  readonly jobId: string;
  readonly url: string;
  readonly region: string;
  readonly attempt: number;
}

export const isLast = ({ type }: ServerEvent): boolean => type === "run.finished";

/** What every whole stream of a run with so many jobs holds; each job dispatched once. */
export function expectWhole(events: readonly ServerEvent[], jobs: number): void {
  const ids = idsOf(events);
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(Number.isSafeInteger(id)).toBeTrue();
  const [first] = events;
  const last = events.at(-1);
  expect(first?.type).toBe("run.started");
  expect(first && dataOf<object>(first)).toEqual({ totalJobs: jobs });
  expect(last?.type).toBe("run.finished");
  const between = events.slice(1, -1);
  const started = between.filter(({ type }) => type === "job.started");
  const finished = between.filter(({ type }) => type === "job.finished");
  expect(started.length + finished.length).toBe(between.length);
  expect(finished).toHaveLength(jobs);
  const begun = new Map(started.map((event) => [dataOf<Started>(event).jobId, event]));
  for (const event of finished) {
    const { job, ...rest } = dataOf<{ job: Job }>(event);
    expect([rest, schemaFaultsOf(Job, job)]).toEqual([{}, []]);
    const start = begun.get(job.jobId);
    expect(Number(start?.id)).toBeLessThan(Number(event.id));
    expect(start && dataOf<Started>(start)).toEqual({
      jobId: job.jobId,
      url: job.url,
      region: job.region ?? "",
      attempt: 1,
    });
  }
  expect(begun.size).toBe(jobs);
  const { status, summary } = dataOf<{ status: RunStatus; summary: SummaryCounts }>(last!);
  expect(schemaFaultsOf(RunStatus, status)).toEqual([]);
  expect(schemaFaultsOf(SummaryCounts, summary)).toEqual([]);
  expect(["queued", "running"]).not.toContain(status.state);
}
