/** The store contract: lists of runs, narrowed and in pages, newest first. */
import { describe, expect, test } from "bun:test";

import { Value } from "@sinclair/typebox/value";

import { ListedRun } from "../../src/domain/run.ts";
import type { NewRun, RunFilter, RunStore } from "../../src/store/store.ts";
import { random } from "../support/random.ts";
import type { OpenStore } from "./contract.ts";
import {
  answered,
  CREATED,
  created,
  eachStore,
  endMoment,
  execute,
  moment,
  newRun,
  pending,
  struck,
} from "./fixture.ts";

/** A run with one job of each (url, region). */
function runOf(
  runId: string,
  places: readonly (readonly [url: string, region?: string])[],
  change: Partial<NewRun> = {},
): NewRun {
  return {
    ...newRun(runId),
    ...change,
    jobs: places.map(([url, region]) => ({
      url,
      ...(region === undefined ? {} : { region }),
      runners: [{ name: "runner0" }],
    })),
  };
}

/** All ids of a list, read in pages of `limit`; `between` runs after each page. */
async function listed(
  store: RunStore,
  filter: RunFilter,
  limit = 100,
  between?: () => Promise<unknown>,
): Promise<string[]> {
  const ids: string[] = [];
  let from: number | undefined;
  do {
    const page = await store.listRuns(filter, limit, from);
    expect(page.runs.length).toBeLessThanOrEqual(limit);
    // A page that names a next one is full, and the next one is not empty.
    if (page.next !== undefined) expect(page.runs).toHaveLength(limit);
    if (from !== undefined) expect(page.runs.length).toBeGreaterThan(0);
    ids.push(...page.runs.map(({ runId }) => runId));
    from = page.next;
    await between?.();
  } while (from !== undefined);
  return ids;
}

export function listContract(name: string, open: OpenStore): void {
  describe(`${name}: listRuns`, () => {
    const store = eachStore(open);

    test("has nothing at first", async () => {
      expect(await store().listRuns({}, 10)).toEqual({ runs: [] });
    });

    test("tells each run as its other reads do", async () => {
      const run = await created(store(), newRun("r", { jobs: 2, tags: ["b", "a"] }));
      await execute(store(), run, 0, answered("fail"));
      const { mode, summary, tags } = (await store().findRun("r"))!;
      const page = await store().listRuns({}, 10);
      expect(page).toEqual({
        runs: [{ ...(await store().findStatus("r"))!, mode, tags, summary }],
      });
      const faults = [...Value.Errors(ListedRun, page.runs[0])].map(({ message }) => message);
      expect(faults.filter((message) => !message.startsWith("Unknown format"))).toEqual([]);
    });

    test("is newest first, in the order of acceptance, whatever the ids", async () => {
      for (const id of ["b", "c", "a"]) await created(store(), newRun(id));
      expect(await listed(store(), {})).toEqual(["a", "c", "b"]);
    });

    test.each([1, 2, 3, 4, 5, 6, 7, 8])("is complete in pages of %d", async (limit) => {
      const ids = Array.from({ length: 7 }, (_, index) => `r${index}`);
      for (const id of ids) await created(store(), newRun(id, { tags: ["t"] }));
      expect(await listed(store(), {}, limit)).toEqual(ids.toReversed());
      expect(await listed(store(), { tag: "t" }, limit)).toEqual(ids.toReversed());
    });

    test("neither doubles nor loses a run while new ones arrive", async () => {
      const ids = Array.from({ length: 10 }, (_, index) => `r${index}`);
      for (const id of ids) await created(store(), newRun(id, { tags: ["t"] }));
      for (const filter of [{}, { tag: "t" }, { state: "queued" }] as const) {
        const before = await listed(store(), filter);
        let arrived = 0;
        const arrive = () =>
          created(store(), newRun(`${JSON.stringify(filter)} ${arrived++}`, { tags: ["t"] }));
        expect(await listed(store(), filter, 3, arrive)).toEqual(before);
        expect(arrived).toBeGreaterThan(3);
      }
    });

    test("can be narrowed by the state of now", async () => {
      const done = await created(store(), newRun("done"));
      const busy = await created(store(), newRun("busy"));
      await created(store(), newRun("idle"));
      await execute(store(), done, 0, answered("fail"));
      await store().startJobs(busy, [await pending(store(), busy)], moment());
      expect(await listed(store(), { state: "running" })).toEqual(["busy", "done"]);
      await store().endRun(done, "completed", endMoment());
      expect(await listed(store(), { state: "queued" })).toEqual(["idle"]);
      expect(await listed(store(), { state: "running" })).toEqual(["busy"]);
      expect(await listed(store(), { state: "completed" })).toEqual(["done"]);
      expect(await listed(store(), { state: "cancelled" })).toEqual([]);
    });

    test("can be narrowed by tag, region and url, each taken literally", async () => {
      await created(store(), runOf("one", [["https://a/", "eu"]], { tags: ["x", "y"] }));
      await created(
        store(),
        runOf("two", [
          ["https://a/", "us"],
          ["https://b/", "eu"],
        ]),
      );
      await created(store(), runOf("three", [["https://b/"]], { tags: ["eu", "X"] }));
      expect(await listed(store(), { tag: "x" })).toEqual(["one"]);
      expect(await listed(store(), { tag: "eu" })).toEqual(["three"]);
      expect(await listed(store(), { region: "eu" })).toEqual(["two", "one"]);
      expect(await listed(store(), { region: "us" })).toEqual(["two"]);
      expect(await listed(store(), { region: "x" })).toEqual([]);
      expect(await listed(store(), { url: "https://a/" })).toEqual(["two", "one"]);
      expect(await listed(store(), { url: "https://a" })).toEqual([]);
      expect(await listed(store(), { url: "%", tag: "'; --" })).toEqual([]);
    });

    test("lists a run once, however often it fits", async () => {
      const twice = runOf(
        "r",
        [
          ["u", "eu"],
          ["v", "eu"],
        ],
        { tags: ["t", "t"] },
      );
      await created(store(), twice);
      expect(await listed(store(), { region: "eu" })).toEqual(["r"]);
      expect(await listed(store(), { tag: "t", region: "eu", url: "v" })).toEqual(["r"]);
    });

    test("can be narrowed by acceptance, to the millisecond", async () => {
      for (const [index, id] of ["a", "b", "c"].entries()) {
        await created(store(), newRun(id, { createdAt: CREATED + index }));
      }
      expect(await listed(store(), { since: CREATED })).toEqual(["c", "b", "a"]);
      expect(await listed(store(), { since: CREATED + 1 })).toEqual(["c", "b"]);
      expect(await listed(store(), { since: CREATED + 2 })).toEqual(["c"]);
      expect(await listed(store(), { since: CREATED + 3 })).toEqual([]);
    });

    test("holds every condition at once, in pages of any size", async () => {
      const seed = random.seed();
      const { integer, pick } = random(seed);
      const some = <Value>(value: Value): Value | undefined => (integer(0, 2) ? undefined : value);
      interface Kept {
        readonly run: NewRun;
        state: string;
      }
      const kept: Kept[] = [];
      for (let index = 0; index < 60; index++) {
        const places = Array.from(
          { length: integer(1, 3) },
          () => [pick(["u", "v"]), pick(["eu", "us"])] as const,
        );
        const tags = ["t1", "t2"].filter(() => integer(0, 1));
        const run = runOf(`r${index}`, places, { tags, createdAt: CREATED + index * 10 });
        const stored = await created(store(), run);
        const state = pick(["queued", "completed", "failed"] as const);
        if (state !== "queued") {
          await store().endOpenJobs(stored, struck, moment());
          await store().endRun(stored, state, endMoment());
        }
        kept.unshift({ run, state });
      }
      for (let round = 0; round < 200; round++) {
        const wanted = {
          state: some(pick(["queued", "completed", "cancelled"] as const)),
          tag: some(pick(["t1", "t2"])),
          region: some(pick(["eu", "us"])),
          url: some(pick(["u", "v"])),
          since: some(CREATED + integer(-5, 605)),
        };
        const filter = Object.fromEntries(
          Object.entries(wanted).filter(([, value]) => value !== undefined),
        ) as RunFilter;
        const fits = kept.filter(
          ({ run, state }) =>
            (filter.state === undefined || filter.state === state) &&
            (filter.tag === undefined || run.tags.includes(filter.tag)) &&
            (filter.region === undefined || run.jobs.some((it) => it.region === filter.region)) &&
            (filter.url === undefined || run.jobs.some((it) => it.url === filter.url)) &&
            (filter.since === undefined || run.createdAt >= filter.since),
        );
        const limit = integer(1, 20);
        const where = `TEST_SEED=${seed}, round ${round}: ${JSON.stringify(filter)} by ${limit}`;
        const expected = fits.map(({ run }) => run.runId);
        expect(await listed(store(), filter, limit), where).toEqual(expected);
      }
    });
  });
}
