/** How SQLite goes about what is asked for every page: by an index, and in its order. */
import type { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";

import { listRuns } from "../../../src/store/sqlite/list.ts";
import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { prepareStatements } from "../../../src/store/sqlite/statements.ts";
import type { RunFilter } from "../../../src/store/store.ts";

let db: Database;
/** What was prepared, in order. */
let prepared: string[];

beforeEach(() => {
  db = openDatabase(":memory:");
  prepared = [];
  const prepare = db.prepare.bind(db);
  db.prepare = ((sql: string) => {
    prepared.push(sql);
    return prepare(sql);
  }) as typeof db.prepare;
});

afterEach(() => db.close());

/** The steps of a query, such as `SEARCH runs USING INDEX …`. */
function plan(sql: string): string[] {
  return db
    .query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map(({ detail }) => detail);
}

/** What takes longer the more runs and jobs there are: whole tables, and sorting what was found. */
const slow = (steps: readonly string[]): string[] =>
  steps.filter(
    (step) =>
      /^SCAN (runs|job_\w+|asked|started|ended|facets|other)\b/.test(step) ||
      /TEMP B-TREE|AUTOMATIC/.test(step),
  );

const FILTER: Required<RunFilter> = {
  state: "failed",
  tag: "t",
  region: "eu",
  url: "https://example.com",
  since: 1,
};

/** Every way to leave out parts of the filter. */
const filters = Array.from({ length: 2 ** 5 }, (_, bits) =>
  Object.fromEntries(Object.entries(FILTER).filter((__, index) => bits & (1 << index))),
) as RunFilter[];

describe("listRuns", () => {
  test.each(filters)("walks an index in the order of the list, narrowed by %j", (filter) => {
    listRuns(db, filter, 10);
    expect(prepared.length).toBeGreaterThan(1);
    for (const sql of prepared) expect(slow(plan(sql))).toEqual([]);
    expect(plan(prepared[0]!)[0]).toMatch(/^SEARCH (runs|job_requests|facets) /);
  });
});

describe("prepareStatements", () => {
  /** Once in the life of a process, over the few that are open. */
  const atStart = new Set(["unowned"]);
  /** Groups the open jobs of one run by region, once, when it is stopped. */
  const atStop = new Set(["countOpen"]);

  test("has no statement that grows with the database", () => {
    const found = Object.entries(prepareStatements(db)).flatMap(([name, { sql }]) => {
      if (atStart.has(name) || atStop.has(name)) return [];
      return slow(plan(sql)).map((step) => `${name}: ${step}`);
    });
    expect(found).toEqual([]);
  });

  test("reads events by their number, and the jobs they are about by their key", () => {
    const steps = plan(prepareStatements(db).findTold.sql).filter((step) =>
      step.includes("SEARCH"),
    );
    expect(steps).toEqual([
      expect.stringContaining("SEARCH job_starts USING COVERING INDEX job_starts_by_event"),
      expect.stringContaining("SEARCH job_ends USING COVERING INDEX job_ends_by_event"),
      ...["asked", "started", "ended"].map((table) =>
        expect.stringContaining(`SEARCH ${table} USING INTEGER PRIMARY KEY`),
      ),
    ]);
  });
});
