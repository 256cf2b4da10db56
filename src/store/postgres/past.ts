/**
 * Past jobs of a url, newest run first. A page looks at a bounded number of jobs, found by one
 * index in that order, so that it costs the same however long the history is.
 */
import type { SQL } from "bun";

import type { Result } from "../../domain/result.ts";
import { present } from "../../lib/present.ts";
import type { PastJob, PastPage, PastQuery } from "../answered.ts";
import { type PastRow, toPastJob } from "../past-rows.ts";
import { storable } from "./rows.ts";

/** Rows read at once: their results come whole, and only here lose their details and logs. */
const ROWS_AT_ONCE = 16;

interface PastKey {
  readonly run: string;
  readonly position: number;
}

export async function findPast(
  sql: SQL,
  url: string,
  { before, from, region }: PastQuery,
  limit: number,
): Promise<PastPage> {
  const [run] =
    before === undefined
      ? []
      : ((await sql`SELECT key, completed_at FROM runs WHERE run_id = ${before}`) as {
          key: string;
          completed_at: string | null;
        }[]);
  // No job has the position -1: all of the runs before this one.
  const start = from ?? { run: Number(run?.key ?? Number.MAX_SAFE_INTEGER), job: -1 };
  const text = storable(url);
  // The hash as a bound, not equal to one value, leaves one index in this order (see list.ts).
  const keys = (await sql`
    SELECT run, position FROM jobs
    WHERE url = ${text}::text AND hashtextextended(url, 0) >= hashtextextended(${text}::text, 0)
      AND (hashtextextended(url, 0), run, position)
        < (hashtextextended(${text}::text, 0), ${start.run}::bigint, ${start.job}::int)
    ORDER BY hashtextextended(url, 0) DESC, run DESC, position DESC
    LIMIT ${limit}::int`) as PastKey[];
  const endedBy = Number(run?.completed_at ?? Number.MAX_SAFE_INTEGER);
  const jobs: PastJob[] = [];
  for (let at = 0; at < keys.length; at += ROWS_AT_ONCE) {
    const found = await readJobs(sql, keys.slice(at, at + ROWS_AT_ONCE), endedBy);
    jobs.push(...found.filter((job) => region === undefined || job.region === region));
  }
  const last = keys.length < limit ? undefined : keys.at(-1);
  return { jobs, ...present({ next: last && { run: Number(last.run), job: last.position } }) };
}

async function readJobs(sql: SQL, keys: readonly PastKey[], endedBy: number): Promise<PastJob[]> {
  const rows = (await sql`
    SELECT jobs.run, jobs.url, jobs.region, jobs.state, jobs.runners, jobs.expected, jobs.results,
      jobs.error, jobs.error_code, jobs.error_source, jobs.completed_at, run.run_id
    FROM json_to_recordset(${JSON.stringify(keys)}::text::json) AS past (run bigint, position integer),
      LATERAL (SELECT * FROM jobs WHERE run = past.run AND position = past.position OFFSET 0) AS jobs,
      -- Never the other way round: that each is looked up by its key is what OFFSET 0 is for.
      LATERAL (SELECT run_id, completed_at FROM runs WHERE key = past.run OFFSET 0) AS run
    WHERE run.completed_at <= ${endedBy}::bigint
    ORDER BY jobs.run DESC, jobs.position DESC`) as (PastRow & { completed_at: string | null })[];
  return rows.map((row) => {
    const job = toPastJob({ ...row, completed_at: Number(row.completed_at) });
    return { ...job, results: job.results.map(brief) };
  });
}

function brief({ details: _details, logs: _logs, ...result }: Result): Result {
  return result;
}
