/**
 * Lists of runs, newest first. A page looks at a bounded number of runs, found by one index in the
 * order of the list, so that it costs the same however many runs there are and however few fit.
 */
import type { Database } from "bun:sqlite";

import { present } from "../../lib/present.ts";
import type { RunFilter, RunPage } from "../store.ts";
import { type RunRow, toListedRun } from "./rows.ts";

/** Most runs that one page looks at; a filter that few fit may give a short page and a `next`. */
const MAX_LOOKED_AT = 2_000;

/** `from`: where the page begins, as `next` of the page before told. */
export function listRuns(db: Database, filter: RunFilter, limit: number, from?: number): RunPage {
  const keys = candidates(db, filter, from ?? Number.MAX_SAFE_INTEGER);
  const rows = fitting(db, filter, keys, limit + 1);
  const last = keys.at(-1);
  const exhausted =
    last === undefined || keys.length < MAX_LOOKED_AT || isPast(db, filter.since, keys);
  const next = rows.length > limit ? rows[limit]?.key : exhausted ? undefined : last - 1;
  return { runs: rows.slice(0, limit).map(toListedRun), ...present({ next }) };
}

/** Keys by the index of one filter, the one that tells most, newest first. */
function candidates(db: Database, filter: RunFilter, from: number): number[] {
  const [facet] = facetsOf(filter);
  const order = `ORDER BY key DESC LIMIT ${MAX_LOOKED_AT}`;
  if (facet) {
    using statement = db.prepare<{ key: number }, [string, string, number]>(
      `SELECT run AS key FROM facets WHERE kind = ? AND value = ? AND run <= ? ${order}`,
    );
    return statement.all(facet.kind, facet.value, from).map(({ key }) => key);
  }
  const { state } = filter;
  using statement = db.prepare<{ key: number }, (string | number)[]>(
    `SELECT key FROM runs WHERE ${state === undefined ? "" : "state = ? AND "}key <= ? ${order}`,
  );
  return statement.all(...(state === undefined ? [from] : [state, from])).map(({ key }) => key);
}

/** Those of the candidates that fit the whole filter. */
function fitting(db: Database, filter: RunFilter, keys: readonly number[], limit: number) {
  const bindings: (string | number)[] = [JSON.stringify(keys)];
  const bind = (value: string | number): string => `?${bindings.push(value)}`;
  const conditions = ["key IN (SELECT value FROM json_each(?1))"];
  for (const { kind, value } of facetsOf(filter)) {
    const facet = `kind = ${bind(kind)} AND value = ${bind(value)} AND run = runs.key`;
    conditions.push(`EXISTS (SELECT 1 FROM facets WHERE ${facet})`);
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

function facetsOf(filter: RunFilter) {
  return (["url", "tag", "region"] as const).flatMap((kind) => {
    const value = filter[kind];
    return value === undefined ? [] : [{ kind, value }];
  });
}
