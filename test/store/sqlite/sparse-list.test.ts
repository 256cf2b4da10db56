/** Lists over many runs of which few fit: pages look at a bounded number of them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import type { RunFilter, RunPage } from "../../../src/store/store.ts";
import { CREATED, newRun } from "../fixture.ts";

const RUNS = 5_000;
let store: SqliteStore;

beforeAll(async () => {
  store = new SqliteStore(openDatabase(":memory:"));
  await Promise.all(
    Array.from({ length: RUNS }, (_, index) => {
      // The clock is set back by an hour after the first hundred runs.
      const createdAt = CREATED + index * 1_000 - (index < 100 ? 0 : 3_600_000);
      const tags = index === 7 ? ["all", "seventh"] : ["all"];
      return store.submit(newRun(`r${index}`, { createdAt, tags }));
    }),
  );
});

afterAll(() => store.close());

async function pagesOf(filter: RunFilter): Promise<RunPage[]> {
  const pages: RunPage[] = [];
  for (let from: number | undefined; ;) {
    const page = await store.listRuns(filter, 20, from);
    pages.push(page);
    if (page.next === undefined) return pages;
    from = page.next;
  }
}

const idsOf = (pages: readonly RunPage[]): string[] =>
  pages.flatMap(({ runs }) => runs.map(({ runId }) => runId));

describe("SqliteStore.listRuns", () => {
  test("finds the one run among many that fits two filters, over several short pages", async () => {
    const pages = await pagesOf({ tag: "all", state: "completed" });
    expect(idsOf(pages)).toEqual([]);
    expect(pages.length).toBe(Math.ceil(RUNS / 2_000));
    expect(idsOf(await pagesOf({ tag: "seventh", region: "eu-west-1" }))).toEqual(["r7"]);
  });

  test("names every run once, whatever the page looks at", async () => {
    const ids = idsOf(await pagesOf({ tag: "all" }));
    expect(ids).toEqual(Array.from({ length: RUNS }, (_, index) => `r${RUNS - 1 - index}`));
  });

  test("finds runs that were accepted before a clock was set back", async () => {
    const ids = idsOf(await pagesOf({ since: CREATED + 50_000, tag: "all" }));
    expect(ids).toContain("r60");
    expect(ids).toContain(`r${RUNS - 1}`);
    expect(ids).not.toContain("r49");
    expect(ids).not.toContain("r120");
  });

  test("stops at what is long past", async () => {
    const pages = await pagesOf({ since: CREATED + 100 * 86_400_000 });
    expect(pages).toEqual([{ runs: [] }]);
  });
});
