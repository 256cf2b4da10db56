/**
 * Lists of runs, newest first. A page looks at a bounded number of runs, found by one index in the
 * order of the list, so that it costs the same however many runs there are and however few fit.
 */
import type { Database } from "bun:sqlite";

import { present } from "../../lib/present.ts";
import { type RunRow, toListedRun } from "../rows.ts";
import type { RunFilter, RunPage } from "../store.ts";

/** Most runs that one page looks at; a filter that few fit may give a short page and a `next`. */
const MAX_LOOKED_AT = 2_000;

/** `from`: where the page begins, as `next` of the page before told. */
export function listRuns(
  db: Database,
  filter: RunFilter,
  limit: number,
  from = Number.MAX_SAFE_INTEGER,
): RunPage {
  // Mostly all fit, and no more need to be looked at than are told; a time needs more to tell.
  if (filter.since === undefined) {
    const likely = firstFitting(db, filter, limit, { from, most: limit + 1 });
    if (likely.whole) return likely.page;
  }
  return firstFitting(db, filter, limit, { from, most: MAX_LOOKED_AT }).page;
}

/** Of at most so many runs, from one key on, those that fit. */
interface Look {
  readonly from: number;
  readonly most: number;
}

/** A page, and whether it is as long as it can be. */
interface Found {
  readonly page: RunPage;
  readonly whole: boolean;
}

function firstFitting(db: Database, filter: RunFilter, limit: number, look: Look): Found {
  const keys = candidates(db, filter, look);
  const rows = fitting(db, filter, keys, limit + 1);
  const last = keys.at(-1);
  const exhausted = last === undefined || keys.length < look.most || isPast(db, filter.since, keys);
  const next = rows.length > limit ? rows[limit]?.key : exhausted ? undefined : last - 1;
  const page = { runs: rows.slice(0, limit).map(toListedRun), ...present({ next }) };
  return { page, whole: exhausted || rows.length > limit };
}

/** Keys by the index of one filter, the one that tells most, newest first. */
function candidates(db: Database, filter: RunFilter, { from, most }: Look): number[] {
  const bindings: (string | number)[] = [];
  const bind = binder(bindings);
  const [selection = ownRows(filter)] = selections(filter);
  const { condition, key, table } = selection(bind);
  using statement = db.prepare<{ key: number }, (string | number)[]>(`
    SELECT DISTINCT ${key} AS key FROM ${table}
    WHERE ${condition} AND ${key} <= ${bind(from)}
    ORDER BY ${key} DESC LIMIT ${most}`);
  return statement.all(...bindings).map(({ key: found }) => found);
}

/** Those of the candidates that fit the whole filter. */
function fitting(db: Database, filter: RunFilter, keys: readonly number[], limit: number) {
  const bindings: (string | number)[] = [];
  const bind = binder(bindings);
  const conditions = [`key IN (SELECT value FROM json_each(${bind(JSON.stringify(keys))}))`];
  for (const selection of selections(filter)) {
    const { condition, key, table } = selection(bind);
    conditions.push(`EXISTS (SELECT 1 FROM ${table} WHERE ${condition} AND ${key} = runs.key)`);
  }
  if (filter.state !== undefined) conditions.push(`state = ${bind(filter.state)}`);
  if (filter.since !== undefined) conditions.push(`created_at >= ${bind(filter.since)}`);
  using statement = db.prepare<RunRow, (string | number)[]>(
    `SELECT * FROM runs WHERE ${conditions.join(" AND ")} ORDER BY key DESC LIMIT ${limit}`,
  );
  return statement.all(...bindings);
}

/**
 * Whether all of so many runs are older than `since`, and so are those before them: keys grow with
 * time, but for the steps of a clock.
 */
function isPast(db: Database, since: number | undefined, keys: readonly number[]): boolean {
  if (since === undefined) return false;
  using statement = db.prepare<{ newest: number | null }, [string]>(
    "SELECT max(created_at) AS newest FROM runs WHERE key IN (SELECT value FROM json_each(?))",
  );
  return (statement.get(JSON.stringify(keys))?.newest ?? 0) < since;
}

/** Adds a value to those of a statement; the placeholder it stands for. */
type Bind = (value: string | number) => string;

function binder(bindings: (string | number)[]): Bind {
  return (value) => `?${bindings.push(value)}`;
}

/** Rows that an index finds, and their column with the run's key. */
type Selection = (bind: Bind) => {
  readonly table: "runs" | "job_requests" | "facets";
  readonly condition: string;
  readonly key: "key" | "run";
};

/** The filters that rows of other tables tell, that which tells most first. */
function selections({ region, tag, url }: RunFilter): Selection[] {
  return [
    ...(url === undefined ? [] : [jobsOf(url)]),
    ...(tag === undefined ? [] : [facet("tag", tag)]),
    ...(region === undefined ? [] : [facet("region", region)]),
  ];
}

function jobsOf(url: string): Selection {
  return (bind) => ({ table: "job_requests", condition: `url = ${bind(url)}`, key: "run" });
}

function facet(kind: "tag" | "region", value: string): Selection {
  return (bind) => ({
    table: "facets",
    condition: `kind = ${bind(kind)} AND value = ${bind(value)}`,
    key: "run",
  });
}

function ownRows({ state }: RunFilter): Selection {
  return (bind) => ({
    table: "runs",
    condition: state === undefined ? "true" : `state = ${bind(state)}`,
    key: "key",
  });
}
