/** GET /api/orchestrator: the list of runs, its filters and its pages. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { type Static } from "@sinclair/typebox";

import type { ListedRun } from "../../src/domain/run.ts";
import { RunList } from "../../src/domain/run.ts";
import { type Endpoint, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { random } from "../support/random.ts";
import { schemaFaultsOf } from "./schema.ts";
import { problemOf, regions, Served } from "./serving.ts";

const STATES = ["queued", "running", "completed", "failed", "timed_out", "cancelled"] as const;
const TAGS = ["nightly", "smoke", "äöü & more=1", "unused"];
const REGIONS = ["eu", "us", "bad"];
const URLS = ["https://a.example/", "https://b.example/?q=1&r=%20#x", "https://c.example/"];

/** What is known of a run that was submitted. */
interface Known {
  readonly runId: string;
  readonly tags: readonly string[];
  readonly regions: readonly string[];
  readonly urls: readonly string[];
}

let good: Endpoint;
let bad: Endpoint;
let stuck: Endpoint;
let api: Served;
const known: Known[] = [];

async function list(query: Readonly<Record<string, string>> = {}): Promise<Static<typeof RunList>> {
  const response = await api.get(`?${new URLSearchParams(query)}`);
  const page = (await response.json()) as Static<typeof RunList>;
  expect([query, response.status]).toEqual([query, 200]);
  expect(schemaFaultsOf(RunList, page)).toEqual([]);
  return page;
}

/** Every run a query finds, page by page. */
async function listAll(query: Readonly<Record<string, string>> = {}): Promise<ListedRun[]> {
  const runs: ListedRun[] = [];
  for (let cursor: string | undefined, first = true; first || cursor; first = false) {
    const page = await list({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    runs.push(...page.runs);
    cursor = page.nextCursor;
  }
  return runs;
}

async function submit(run: Omit<Known, "runId">, more: object = {}): Promise<string> {
  const runners = run.urls.flatMap((url) =>
    run.regions.map((region) => ({ name: "a", region, input: { url } })),
  );
  const runId = await api.submit({ mode: "remote", runners, tags: run.tags, ...more });
  known.push({ ...run, runId });
  return runId;
}

beforeAll(async () => {
  good = startEndpoint();
  bad = startEndpoint(() => new Response("no", { status: 502 }));
  stuck = startEndpoint(() => new Promise<never>(() => {}));
  api = new Served({
    regions: regions({ eu: good.base, us: good.base, bad: bad.base, stuck: stuck.base }),
    maxInFlight: 200,
  });
  const { integer, pick } = random(7);
  for (let index = 0; index < 24; index++) {
    const some = (values: readonly string[]) => [...new Set([pick(values), pick(values)])];
    const run = {
      tags: some(TAGS).slice(0, integer(0, 2)),
      regions: some(REGIONS),
      urls: some(URLS),
    };
    await api.ended(await submit(run));
  }
  const [url] = URLS as [string];
  const stopped = { tags: ["nightly"], regions: ["stuck"], urls: [url] };
  await api.ended(await submit(stopped, { timeout: 20 }));
  const cancelled = await submit(stopped);
  await api.get(`/${cancelled}/cancel`, { method: "POST" });
  const running = await submit({ ...stopped, tags: [] });
  await eventually("the last one is in flight", async () => {
    const status = (await (await api.get(`/${running}/status`)).json()) as ListedRun;
    return status.state === "running";
  });
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  for (const endpoint of [good, bad, stuck]) endpoint[Symbol.dispose]();
});

const newestFirst = () => known.toReversed().map(({ runId }) => runId);

describe("GET /api/orchestrator", () => {
  test("lists every run, newest first, as its status, mode, tags and summary say", async () => {
    const runs = await listAll();
    expect(runs.map(({ runId }) => runId)).toEqual(newestFirst());
    for (const run of runs) {
      const { mode, summary, tags, ...status } = run;
      expect(status).toEqual(await (await api.get(`/${run.runId}/status`)).json());
      const whole = (await (await api.get(`/${run.runId}`)).json()) as ListedRun;
      expect({ mode, summary, tags }).toEqual({
        mode: whole.mode,
        summary: whole.summary,
        tags: whole.tags,
      });
    }
    const states = new Set(runs.map(({ state }) => state));
    expect([...states].toSorted()).toEqual(STATES.filter((state) => state !== "queued").toSorted());
  });

  test("has 20 runs in a page unless told otherwise, and no cursor on the last", async () => {
    const first = await list();
    expect(first.runs).toHaveLength(20);
    const second = await list({ cursor: first.nextCursor ?? "" });
    expect(second.runs).toHaveLength(known.length - 20);
    expect(second).not.toHaveProperty("nextCursor");
    expect(await list({ limit: "100" })).not.toHaveProperty("nextCursor");
    // A page that is exactly full is the last one, too.
    expect(await list({ limit: String(known.length) })).not.toHaveProperty("nextCursor");
  });

  const seed = random.seed();
  test(`finds what all its filters fit, and only that (seed ${seed})`, async () => {
    const { fraction, integer, pick } = random(seed);
    const all = await listAll();
    const facts = new Map(known.map((run) => [run.runId, run]));
    let found = 0;
    for (let index = 0; index < 300; index++) {
      const query: Record<string, string> = {};
      if (fraction() < 0.4) query["state"] = pick(STATES);
      if (fraction() < 0.4) query["tag"] = pick(TAGS);
      if (fraction() < 0.4) query["region"] = pick([...REGIONS, "stuck", "nowhere"]);
      if (fraction() < 0.4) query["url"] = pick([...URLS, "https://none.example/"]);
      if (fraction() < 0.3) query["since"] = pick(all).createdAt;
      query["limit"] = String(integer(1, 30));
      const expected = all.filter(({ createdAt, runId, state }) => {
        const run = facts.get(runId);
        const { region, since, state: asked, tag, url } = query;
        return (
          (asked === undefined || state === asked) &&
          (tag === undefined || run?.tags.includes(tag)) &&
          (region === undefined || run?.regions.includes(region)) &&
          (url === undefined || run?.urls.includes(url)) &&
          (since === undefined || createdAt >= since)
        );
      });
      const runs = await listAll(query);
      expect([query, runs.map(({ runId }) => runId)]).toEqual([
        query,
        expected.map(({ runId }) => runId),
      ]);
      found += runs.length;
    }
    expect(found).toBeGreaterThan(100);
  });

  test("takes since as a date, in any time zone, and to the millisecond", async () => {
    const [newest] = (await list({ limit: "1" })).runs;
    const at = Date.parse(newest?.createdAt ?? "");
    const after = new Date(at + 1).toISOString();
    const east = new Date(at + 7_200_000).toISOString().replace("Z", "+02:00");
    expect((await list({ since: after })).runs).toEqual([]);
    for (const since of [new Date(at).toISOString(), east]) {
      expect((await list({ since })).runs.map(({ runId }) => runId)).toContain(newest?.runId ?? "");
    }
    expect(await listAll({ since: "2024-01-01" })).toHaveLength(known.length);
  });

  test("pages through all of it without a double while runs are added", async () => {
    const before = newestFirst();
    const seen: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor; first = false) {
      const page = await list({ limit: "3", ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.runs.map(({ runId }) => runId));
      cursor = page.nextCursor;
      await submit({ tags: [], regions: ["eu"], urls: [URLS[0] ?? ""] });
    }
    expect(seen).toEqual(before);
    expect((await listAll()).map(({ runId }) => runId)).toEqual(newestFirst());
  });

  test.each([
    ["state", "nope"],
    ["state", ""],
    ["state", "completed,failed"],
    ["tag", "x".repeat(65)],
    ["region", "a b"],
    ["region", "-x"],
    ["region", ""],
    ["url", `https://x/${"x".repeat(8_192)}`],
    ["since", "yesterday"],
    ["since", ""],
    ["since", "2024-13-01T00:00:00Z"],
    ["since", "2024-01-01T00:00:00"],
    ["since", "2024-01-01T25:00:00Z"],
    ["since", "1704067200000"],
    ["limit", "0"],
    ["limit", "101"],
    ["limit", "-1"],
    ["limit", "1.5"],
    ["limit", "1e1"],
    ["limit", ""],
    ["limit", "ten"],
    ["cursor", "!"],
    ["cursor", ""],
    ["cursor", "-1"],
    ["cursor", "1".repeat(13)],
    ["sate", "failed"],
    ["constructor", "1"],
  ])("answers 400 to %s=%p, naming the parameter", async (name, value) => {
    const problem = await problemOf(await api.get(`?${new URLSearchParams([[name, value]])}`));
    expect(problem).toMatchObject({ status: 400, code: "invalid_request" });
    expect(problem.errors?.map(({ path }) => path)).toEqual([`/${name}`]);
    expect(problem.errors?.[0]?.message).toMatch(/^[A-Z].+/);
  });

  test("names all that is wrong at once", async () => {
    const problem = await problemOf(await api.get("?limit=0&state=nope&foo=1"));
    expect(problem.errors?.map(({ path }) => path).toSorted()).toEqual([
      "/foo",
      "/limit",
      "/state",
    ]);
  });

  test("refuses a parameter that is given twice", async () => {
    const problem = await problemOf(await api.get("?limit=1&limit=2"));
    expect(problem).toMatchObject({ status: 400, code: "invalid_request" });
    expect(problem.errors?.map(({ path }) => path)).toEqual(["/limit"]);
  });
});
