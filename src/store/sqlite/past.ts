/**
 * Past jobs of a url, newest run first. A page looks at a bounded number of jobs, found by one
 * index in that order, so that it costs the same however long the history is.
 */
import { present } from "../../lib/present.ts";
import type { PastPage, PastQuery } from "../answered.ts";
import { toPastJob } from "../past-rows.ts";
import type { Statements } from "./statements.ts";

export type PastStatements = Pick<Statements, "findRun" | "findPastKeys" | "findPast">;

export function findPast(
  sql: PastStatements,
  url: string,
  { before, from, region }: PastQuery,
  limit: number,
): PastPage {
  const run = before === undefined ? null : sql.findRun.get(before);
  // No job has the key 0: all of the runs before this one.
  const start = from ?? { run: run?.key ?? Number.MAX_SAFE_INTEGER, job: 0 };
  const keys = sql.findPastKeys.all(url, start.run, start.job, limit);
  const endedBy = run?.completed_at ?? Number.MAX_SAFE_INTEGER;
  const rows = sql.findPast.all(JSON.stringify(keys.map(({ key }) => key)), endedBy);
  const jobs = rows
    .filter((row) => region === undefined || row.region === region)
    .toSorted((a, b) => b.run - a.run || b.key - a.key)
    .map(toPastJob);
  const last = keys.length < limit ? undefined : keys.at(-1);
  return { jobs, ...present({ next: last && { run: last.run, job: last.key } }) };
}
