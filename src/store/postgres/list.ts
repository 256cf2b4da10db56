/**
 * Lists of runs, newest first. A page looks at a bounded number of runs, found by one index in the
 * order of the list, so that it costs the same however many runs there are and however few fit.
 */
import type { SQL } from "bun";

import { present } from "../../lib/present.ts";
import { toListedRun } from "../rows.ts";
import type { RunFilter, RunPage } from "../store.ts";
import { type RawRun, storable, toRunRow } from "./rows.ts";

/** Most runs that one page looks at; a filter that few fit may give a short page and a `next`. */
const MAX_LOOKED_AT = 2_000;

/** `from`: where the page begins, as `next` of the page before told. */
export async function listRuns(
  sql: SQL,
  filter: RunFilter,
  limit: number,
  from = Number.MAX_SAFE_INTEGER,
): Promise<RunPage> {
  const keys = await candidates(sql, filter, from);
  const rows = await fitting(sql, filter, keys, limit + 1);
  const last = keys.at(-1);
  const exhausted =
    last === undefined || keys.length < MAX_LOOKED_AT || (await isPast(sql, filter.since, keys));
  const next = rows.length > limit ? Number(rows[limit]?.key) : exhausted ? undefined : last - 1;
  const runs = rows.slice(0, limit).map((row) => toListedRun(toRunRow(row)));
  return { runs, ...present({ next }) };
}

/** Keys by the index of one filter, the one that tells most, newest first. */
async function candidates(sql: SQL, filter: RunFilter, from: number): Promise<number[]> {
  if (filter.url !== undefined) return runsOfUrl(sql, storable(filter.url), from);
  const [selection = ownRows(filter)] = selections(filter);
  const values: (string | number)[] = [];
  const { condition, key, table } = selection(binder(values));
  const rows = (await sql.unsafe(
    `SELECT DISTINCT ${key} AS key FROM ${table}
     WHERE ${condition} AND ${key} <= $${values.push(from)}::bigint
     ORDER BY ${key} DESC LIMIT ${MAX_LOOKED_AT}`,
    values,
  )) as { key: string }[];
  return rows.map((row) => Number(row.key));
}

/**
 * Where the hash is a bound and leads the order, only the index by url leads there. With the hash
 * equal to one value the order is that of the primary key, too, and a planner that takes a url for a
 * frequent one looks through all jobs for one that is not.
 */
async function runsOfUrl(sql: SQL, url: string, from: number): Promise<number[]> {
  const rows = (await sql`
    SELECT DISTINCT hashtextextended(url, 0) AS hash, run FROM jobs
    WHERE url = ${url}::text AND hashtextextended(url, 0) >= hashtextextended(${url}::text, 0)
      AND (hashtextextended(url, 0), run) <= (hashtextextended(${url}::text, 0), ${from}::bigint)
    ORDER BY hash DESC, run DESC LIMIT ${MAX_LOOKED_AT}::int`) as { run: string }[];
  return rows.map(({ run }) => Number(run));
}

/** Those of the candidates that fit the whole filter. */
async function fitting(
  sql: SQL,
  filter: RunFilter,
  keys: readonly number[],
  limit: number,
): Promise<RawRun[]> {
  if (keys.length === 0) return [];
  const values: (string | number)[] = [];
  const bind = binder(values);
  const conditions = [`key = ANY (${bind(`{${keys.join(",")}}`)}::text::bigint[])`];
  for (const selection of selections(filter)) {
    const { condition, key, table } = selection(bind);
    conditions.push(`EXISTS (SELECT FROM ${table} WHERE ${condition} AND ${key} = runs.key)`);
  }
  if (filter.state !== undefined) conditions.push(`state = ${bind(filter.state)}::text`);
  if (filter.since !== undefined) conditions.push(`created_at >= ${bind(filter.since)}::bigint`);
  return sql.unsafe(
    `SELECT * FROM runs WHERE ${conditions.join(" AND ")} ORDER BY key DESC LIMIT ${limit}`,
    values,
  ) as Promise<RawRun[]>;
}

/**
 * Whether all of so many runs are older than `since`, and so are those before them: keys grow with
 * time, but for the steps of a clock.
 */
async function isPast(
  sql: SQL,
  since: number | undefined,
  keys: readonly number[],
): Promise<boolean> {
  if (since === undefined) return false;
  const [row] = (await sql`
    SELECT max(created_at) AS newest FROM runs
    WHERE key = ANY (${`{${keys.join(",")}}`}::text::bigint[])`) as { newest: string | null }[];
  return Number(row?.newest ?? 0) < since;
}

/** Adds a value to those of a statement; the placeholder it stands for. */
type Bind = (value: string | number) => string;

function binder(values: (string | number)[]): Bind {
  return (value) => `$${values.push(value)}`;
}

/** Rows that an index finds, and their column with the run's key. */
type Selection = (bind: Bind) => {
  readonly table: "runs" | "jobs" | "facets";
  readonly condition: string;
  readonly key: "key" | "run";
};

/** The filters that rows of other tables tell, that which tells most first. */
function selections({ region, tag, url }: RunFilter): Selection[] {
  return [
    ...(url === undefined ? [] : [jobsOf(storable(url))]),
    ...(tag === undefined ? [] : [facet("tag", storable(tag))]),
    ...(region === undefined ? [] : [facet("region", storable(region))]),
  ];
}

function jobsOf(url: string): Selection {
  return (bind) => {
    const value = `${bind(url)}::text`;
    const condition = `hashtextextended(url, 0) = hashtextextended(${value}, 0) AND url = ${value}`;
    return { table: "jobs", condition, key: "run" };
  };
}

function facet(kind: "tag" | "region", value: string): Selection {
  return (bind) => ({
    table: "facets",
    condition: `kind = '${kind}' AND value = ${bind(value)}::text`,
    key: "run",
  });
}

function ownRows({ state }: RunFilter): Selection {
  return (bind) => ({
    table: "runs",
    condition: state === undefined ? "true" : `state = ${bind(state)}::text`,
    key: "key",
  });
}
