/**
 * Lists of runs, newest first. Each filter walks an index in the order of the list, so that a page
 * costs the same however many runs there are.
 */
import type { Database } from "bun:sqlite";

import { present } from "../../lib/present.ts";
import type { RunFilter, RunPage } from "../store.ts";
import { type RunRow, toListedRun } from "./rows.ts";

/** `from`: where the page begins, as `next` of the page before told. */
export function listRuns(db: Database, filter: RunFilter, limit: number, from?: number): RunPage {
  const { since, state } = filter;
  const facets = (["tag", "region", "url"] as const).flatMap((kind) => {
    const value = filter[kind];
    return value === undefined ? [] : [{ kind, value }];
  });
  const bindings: (string | number)[] = [];
  const bind = (value: string | number): string => `?${bindings.push(value)}`;
  const isFacet = (name: string, { kind, value }: (typeof facets)[number]): string =>
    `${name}.kind = '${kind}' AND ${name}.value = ${bind(value)}`;

  const [leading, ...others] = facets;
  const key = leading ? "facets.run" : "runs.key";
  const source = leading ? "facets JOIN runs ON runs.key = facets.run" : "runs";
  const conditions = [`${key} <= ${bind(from ?? Number.MAX_SAFE_INTEGER)}`];
  if (leading) conditions.push(isFacet("facets", leading));
  for (const other of others) {
    conditions.push(
      `EXISTS (SELECT 1 FROM facets AS other WHERE other.run = runs.key AND ${isFacet("other", other)})`,
    );
  }
  if (state !== undefined) conditions.push(`runs.state = ${bind(state)}`);
  if (since !== undefined) {
    const time = bind(since);
    // Keys grow with time, but for steps of the clock: the second condition is the exact one.
    conditions.push(
      `${key} >= (SELECT key FROM runs WHERE created_at >= ${time} ORDER BY created_at LIMIT 1)`,
      `runs.created_at >= ${time}`,
    );
  }
  using statement = db.prepare<RunRow, (string | number)[]>(
    `SELECT runs.* FROM ${source} WHERE ${conditions.join(" AND ")}
     ORDER BY ${key} DESC LIMIT ${limit + 1}`,
  );
  const rows = statement.all(...bindings);
  return {
    runs: rows.slice(0, limit).map(toListedRun),
    ...present({ next: rows[limit]?.key }),
  };
}
