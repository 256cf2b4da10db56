/**
 * Keeping a submitted run: run, facets and jobs in one statement; a large run in several, in one
 * transaction, so that nobody sees a part of it.
 *
 * Sent again after a lost answer, it knows its own run by the id of its first job.
 */
import type { SQL } from "bun";

import { AppError } from "../../domain/errors.ts";
import { toStoredRun } from "../rows.ts";
import type { NewRun, Submission, Submitted } from "../store.ts";
import type { Client } from "./client.ts";
import { type RawRun, storable, storableOrNull, toRunRow } from "./rows.ts";

/** What one statement takes: the server and the connection are busy with it meanwhile. */
const SLICE_JOBS = 5_000;
const SLICE_CHARACTERS = 8 * 1024 ** 2;

/** Jobs in a row, by column: each a JSON array, which the server reads faster than objects. */
interface Slice {
  /** Position of the first. */
  readonly from: number;
  /** Position after the last. */
  readonly to: number;
  readonly ids: string;
  readonly urls: string;
  readonly regions: string;
  readonly runners: string;
  readonly expected: string;
}

/** `owner`: the replica that will execute the run. Rejects with a foreign key violation if it is gone. */
export async function submitRun(client: Client, run: NewRun, owner: number): Promise<Submitted> {
  refuseUnstorable(run);
  const first = sliceFrom(run, 0);
  const row = await client.query(async (sql, again) => {
    const whole = first.to === run.jobs.length;
    const insert = (transaction: SQL) => insertSlices(transaction, run, owner, first);
    const written = whole
      ? (await insertRun(sql, run, owner, first))[0]
      : ((await sql.begin(insert)) as RawRun | undefined);
    return written ?? (again ? findOwn(sql, run, owner) : undefined);
  });
  if (row) return { created: true, run: toStoredRun(toRunRow(row), Number(row.epoch)) };
  const found = await findSubmission(client, run);
  // Deleted between the two statements: as if the submit had come later.
  return found ? { created: false, ...found } : submitRun(client, run, owner);
}

/** What is there under an id or an idempotency key. */
export async function findSubmission(
  client: Client,
  { idempotencyKey, runId }: Pick<NewRun, "runId" | "idempotencyKey">,
): Promise<Submission | undefined> {
  const found = (await client.query(
    (sql) => sql`
      SELECT run_id, request_digest FROM runs WHERE run_id = ${runId}
      UNION
      SELECT run_id, request_digest FROM runs
      WHERE idempotency_key = ${storableOrNull(idempotencyKey)}::text`,
  )) as { run_id: string; request_digest: string }[];
  const [existing, other] = found;
  if (other) return { runId };
  return existing && { runId: existing.run_id, requestDigest: existing.request_digest };
}

/** The server works on a slice while the next is made. */
async function insertSlices(
  sql: SQL,
  run: NewRun,
  owner: number,
  first: Slice,
): Promise<RawRun | undefined> {
  const inserting = insertRun(sql, run, owner, first);
  let slice = sliceFrom(run, first.to);
  const [row] = await inserting;
  if (!row) return undefined;
  for (;;) {
    const sent = insertJobs(sql, Number(row.key), slice);
    const last = slice.to === run.jobs.length;
    if (!last) slice = sliceFrom(run, slice.to);
    await sent;
    if (last) return row;
  }
}

function insertRun(sql: SQL, run: NewRun, owner: number, jobs: Slice): Promise<RawRun[]> {
  const facets = [
    ...new Set(run.tags).values().map((value) => ({ kind: "tag", value: storable(value) })),
    ...new Set(run.jobs.flatMap(({ region }) => region ?? []))
      .values()
      .map((value) => ({ kind: "region", value })),
  ];
  const total = run.jobs.reduce((sum, { runners }) => sum + runners.length, 0);
  const judged = run.policy === undefined ? null : 0;
  return sql`
    WITH run AS (
      INSERT INTO runs (
        run_id, idempotency_key, request_digest, parent_run_id, mode, tags, concurrency,
        timeout_ms, job_timeout_ms, retries, warnings, state, total_jobs, queued_jobs, total,
        created_at, updated_at, last_event, owner, policy, expected, unexpected, ignore
      ) VALUES (
        ${run.runId}, ${storableOrNull(run.idempotencyKey)}, ${run.requestDigest},
        ${run.parentRunId ?? null}, ${run.mode}, ${JSON.stringify(run.tags)},
        ${run.concurrency ?? null}::bigint, ${run.timeoutMs}::bigint,
        ${run.jobTimeoutMs ?? null}::bigint, ${run.retries}::int,
        ${jsonOrNull(run.warnings)}, 'queued',
        ${run.jobs.length}::int, ${run.jobs.length}::int, ${total}::int,
        ${run.createdAt}::bigint, ${run.createdAt}::bigint, 1, ${owner}::bigint,
        ${jsonOrNull(run.policy)}::text, ${judged}::int, ${judged}::int,
        ${jsonOrNull(run.ignore)}::text
      )
      ON CONFLICT DO NOTHING
      RETURNING *
    ), facet AS (
      INSERT INTO facets (kind, value, run)
      SELECT facet.kind, facet.value, run.key
      FROM run, json_to_recordset(${JSON.stringify(facets)}::text::json)
        AS facet (kind text, value text)
    ), callback AS (
      INSERT INTO callbacks (run, callback_id, url, receiver)
      SELECT run.key, callback.callback_id, callback.url, callback.receiver
      FROM run, json_to_recordset(${callbackRows(run)}::text::json)
        AS callback (callback_id text, url text, receiver text)
    ), job AS (
      INSERT INTO jobs (run, position, job_id, url, region, runners, expected)
      SELECT run.key, ${jobs.from}::int + job.index - 1, job.job_id, job.url, job.region,
        job.runners, job.expected
      FROM run, ${rowsOf(sql, jobs)}
    )
    SELECT * FROM run`.execute() as Promise<RawRun[]>;
}

function callbackRows({ callbacks = [] }: NewRun): string {
  const rows = callbacks.map(({ callbackId, url }) => ({
    callback_id: callbackId,
    url: storableOrNull(url),
    receiver: url === undefined ? "" : new URL(url).host,
  }));
  return JSON.stringify(rows);
}

function insertJobs(sql: SQL, run: number, jobs: Slice): Promise<unknown> {
  return sql`
    INSERT INTO jobs (run, position, job_id, url, region, runners, expected)
    SELECT ${run}::bigint, ${jobs.from}::int + job.index - 1, job.job_id, job.url, job.region,
      job.runners, job.expected
    FROM ${rowsOf(sql, jobs)}`.execute();
}

/** A slice as rows named `job`, in the order of `index`, from 1. */
function rowsOf(sql: SQL, jobs: Slice) {
  return sql`ROWS FROM (
    json_array_elements_text(${jobs.ids}::text::json),
    json_array_elements_text(${jobs.urls}::text::json),
    json_array_elements_text(${jobs.regions}::text::json),
    json_array_elements_text(${jobs.runners}::text::json),
    json_array_elements_text(${jobs.expected}::text::json)
  ) WITH ORDINALITY AS job (job_id, url, region, runners, expected, index)`;
}

/** The run as an earlier try of the same submit has written it. */
async function findOwn(sql: SQL, run: NewRun, owner: number): Promise<RawRun | undefined> {
  const [row] = (await sql`
    SELECT runs.* FROM runs JOIN jobs ON jobs.run = runs.key AND jobs.position = 0
    WHERE runs.run_id = ${run.runId} AND runs.owner = ${owner}::bigint
      AND jobs.job_id = ${run.jobId(0)}
      AND runs.created_at = ${run.createdAt}::bigint`) as RawRun[];
  return row;
}

/** NUL has no place in text of PostgreSQL, and a url that loses it would be another url. */
function refuseUnstorable({ jobs, tags }: NewRun): void {
  if (!jobs.some(({ url }) => url.includes("\0")) && !tags.some((tag) => tag.includes("\0")))
    return;
  throw new AppError("invalid_request", "A url or a tag has a NUL character in it.");
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** The jobs from a position on, as many as a statement takes. */
function sliceFrom({ jobId, jobs }: NewRun, from: number): Slice {
  const most = jobs.slice(from, from + SLICE_JOBS);
  const runners: string[] = [];
  for (let characters = 0; runners.length < most.length && characters < SLICE_CHARACTERS;) {
    const text = JSON.stringify(most[runners.length]?.runners);
    characters += text.length;
    runners.push(text);
  }
  const slice = most.slice(0, runners.length);
  return {
    from,
    to: from + slice.length,
    ids: JSON.stringify(slice.map((_, index) => jobId(from + index))),
    urls: JSON.stringify(slice.map(({ url }) => storable(url))),
    regions: JSON.stringify(slice.map(({ region = null }) => region)),
    runners: JSON.stringify(runners),
    expected: JSON.stringify(slice.map(({ expected }) => jsonOrNull(expected))),
  };
}
