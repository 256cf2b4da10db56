/** GET /api/orchestrator/{runId}/comparison and /history: what differs, what is red, what is new. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";

import { Comparison } from "../../src/domain/comparison.ts";
import { History } from "../../src/domain/history.ts";
import { issueKey } from "../../src/domain/key.ts";
import { type Answers, Fleet, URL_UNDER_TEST, visible } from "./comparing.ts";
import { schemaFaultsOf } from "./schema.ts";
import { BASE, problemOf, regions, Served, TOKEN } from "./serving.ts";

const banner: Answers = {
  "us-east-1": visible(false),
  "eu-west-1": visible(true),
  "ap-southeast-1": visible(false),
};
const EXPECT = { "eu-*": "pass", "*": "fail" };

let fleet: Fleet;

beforeAll(() => {
  fleet = new Fleet(banner);
});

beforeEach(() => {
  fleet.answers = banner;
});

afterAll(() => fleet[Symbol.asyncDispose]());

const cellsOf = ({ rows }: Comparison) => rows.flatMap(({ cells }) => cells);

const broken = () => ({
  status: "error" as const,
  errorMessage: `net::ERR_CERT_DATE_INVALID at https://shop.example/${Math.random()}`,
});

describe("GET /api/orchestrator/{runId}/comparison", () => {
  test("shows what differs, grouped by equal answers", async () => {
    const runId = await fleet.run(["banner"], { ignore: ["details.at"] });
    const comparison = await fleet.comparison(runId);
    expect(schemaFaultsOf(Comparison, comparison)).toEqual([]);
    expect(comparison).toMatchObject({ runId, mode: "remote", ignore: ["details.at"], red: 2 });
    const overseas = { regions: ["ap-southeast-1", "us-east-1"], cells: 2 };
    const europe = { regions: ["eu-west-1"], cells: 1 };
    expect(comparison.rows.map(({ differences }) => differences)).toEqual([
      [
        {
          path: "status",
          answers: [
            { value: "fail", ...overseas },
            { value: "pass", ...europe },
          ],
        },
        {
          path: "details.visible",
          answers: [
            { value: false, ...overseas },
            { value: true, ...europe },
          ],
        },
      ],
    ]);
  });

  test("marks answers that may be another region's", async () => {
    const base = fleet.endpoints["eu-west-1"]?.base ?? "";
    await using api = new Served({ regions: regions({ "eu-1": base, "eu-2": base }) });
    const runners = ["eu-1", "eu-2"].map((region) => ({
      name: "banner",
      region,
      input: { url: URL_UNDER_TEST },
    }));
    const runId = await api.submit({ mode: "remote", runners });
    await api.ended(runId);
    const response = await api.get(`/${runId}/comparison`);
    const comparison = (await response.json()) as Comparison;
    expect(schemaFaultsOf(Comparison, comparison)).toEqual([]);
    expect(cellsOf(comparison).map(({ regionMismatch }) => regionMismatch?.sharedWith)).toEqual([
      ["eu-2"],
      ["eu-1"],
    ]);
  });

  test("leaves out what the reader does not want to see either", async () => {
    const runId = await fleet.run(["banner"]);
    const paths = async (query: string) =>
      (await fleet.comparison(runId, query)).rows[0]?.differences.map(({ path }) => path);
    expect(await paths("")).toEqual(["status", "details.at", "details.visible"]);
    expect(await paths("?ignore=details.at")).toEqual(["status", "details.visible"]);
    expect(await paths("?ignore=details.at,$.details%5B%22visible%22%5D")).toEqual(["status"]);
    expect(await paths("?ignore=details")).toEqual(["status"]);
  });

  test("is the same whatever the order of regions in the request", async () => {
    const told: unknown[] = [];
    const names = Object.keys(banner);
    for (const order of [names, names.toReversed()]) {
      const runners = order.flatMap((region) =>
        ["banner", "title"].map((name) => ({ name, region, input: { url: URL_UNDER_TEST } })),
      );
      const runId = await fleet.api.submit({ mode: "remote", runners, ignore: ["details.at"] });
      await fleet.api.ended(runId);
      const text = JSON.stringify(await fleet.comparison(runId));
      // What else is new in the second run is that there was a first.
      const { changes: _changes, ...comparison } = JSON.parse(
        text.replaceAll(runId, "run_x").replaceAll(/"change":"[a-z-]+"/g, '"change":"same"'),
      ) as Comparison;
      told.push(comparison);
    }
    expect(told[0]).toEqual(told[1]);
  });

  test("says why cells are red, in one cause where it is one", async () => {
    fleet.answers = { ...banner, "us-east-1": broken, "ap-southeast-1": broken };
    const comparison = await fleet.comparison(await fleet.run(["a", "b", "c"]));
    expect([comparison.red, comparison.causes.length]).toEqual([6, 1]);
    expect(comparison.causes[0]).toMatchObject({
      cause: "ERR_CERT_DATE_INVALID",
      cells: 6,
      errorSource: "runner",
      where: "ap-southeast-1, us-east-1",
      runners: ["a", "b", "c"],
    });
    const report = await fleet.api.get(`/${comparison.runId}/report.txt`);
    expect((await report.text()).split("\n").filter((line) => line.includes("cause"))).toEqual([
      "6 red cells, 1 cause: ERR_CERT_DATE_INVALID, ap-southeast-1, us-east-1 (runner): a, b, c",
    ]);
  });

  test("gives a red cell the call and the command that repeat it, and others none", async () => {
    const runId = await fleet.run(["banner"], {}, { password: "hunter2", text: "it's" });
    const [asia, europe] = cellsOf(await fleet.comparison(runId));
    expect(asia?.curl).toContain("it'\\''s");
    expect(asia?.curl).toContain('"$ENDPOINT/execute"');
    expect(asia?.rerun).toBe(
      `volley run --rerun ${runId} --cell 'banner ap-southeast-1 ${URL_UNDER_TEST}'`,
    );
    expect(europe).not.toHaveProperty("curl");
    expect(europe).not.toHaveProperty("rerun");
  });

  test("names no endpoint, token or secret, unless its operator shows endpoints", async () => {
    await using open = new Fleet(banner, { showEndpoints: true });
    for (const one of [fleet, open]) {
      const runId = await one.run(["banner"], {}, { password: "hunter2" });
      const text = JSON.stringify(await one.comparison(runId));
      const { base = "" } = one.endpoints["us-east-1"] ?? {};
      expect(text.includes(base)).toBe(one === open);
      for (const secret of [TOKEN, "hunter2"]) expect(text).not.toContain(secret);
      expect(text).toContain("Bearer $TOKEN");
    }
  });

  test("shows endpoints to keys of scope admin only", async () => {
    const { text: adminKey } = issueKey();
    await using keyed = new Fleet(banner, { showEndpoints: true, access: { adminKey } });
    const send = (path: string, key: string, body?: object): Promise<Response> =>
      keyed.api.handler(
        new Request(`http://localhost${path}`, {
          method: body ? "POST" : "GET",
          headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
          ...(body ? { body: JSON.stringify(body) } : {}),
        }),
      );
    const made = await send("/api/keys", adminKey, { name: "reader", scope: "runs:read" });
    const { key: reader } = (await made.json()) as { key: string };
    const input = { url: URL_UNDER_TEST };
    const runners = [{ name: "banner", region: "us-east-1", input }];
    await send(BASE, adminKey, { mode: "remote", runId: "r1", runners });
    await (await send(`${BASE}/r1/status?wait=10`, adminKey)).body?.cancel();
    const { base = "" } = keyed.endpoints["us-east-1"] ?? {};
    for (const path of ["comparison", "report.html"]) {
      const told = async (key: string) => (await send(`${BASE}/r1/${path}`, key)).text();
      expect([path, (await told(adminKey)).includes(base)]).toEqual([path, true]);
      expect([path, (await told(reader)).includes(base)]).toEqual([path, false]);
      expect([path, (await told(reader)).includes("$ENDPOINT")]).toEqual([path, true]);
    }
  });

  test("has jobs in progress as what they are", async () => {
    await using slow = new Fleet({ eu: visible(true), us: visible(true) });
    const runners = ["eu", "us"].map((region) => ({
      name: "banner",
      region,
      input: { url: URL_UNDER_TEST },
    }));
    const runId = await slow.api.submit({ mode: "remote", runners, concurrency: 1 });
    const early = await slow.comparison(runId);
    expect(schemaFaultsOf(Comparison, early)).toEqual([]);
    for (const { state, status } of cellsOf(early)) {
      expect(status === undefined).toBe(state !== undefined);
    }
    await slow.api.ended(runId);
    expect(cellsOf(await slow.comparison(runId)).map(({ status }) => status)).toEqual([
      "pass",
      "pass",
    ]);
  });

  test("compares a run of many urls without losing one", async () => {
    const urls = Array.from({ length: 100 }, (_, index) => `https://shop.example/${index}`);
    const runners = Object.keys(banner).flatMap((region) =>
      urls.map((url) => ({ name: "banner", region, input: { url } })),
    );
    const runId = await fleet.api.submit({ mode: "remote", runners });
    await fleet.api.ended(runId);
    const { changes, red, rows } = await fleet.comparison(runId);
    expect(rows.map(({ url }) => url)).toEqual(urls);
    expect(rows.every(({ cells }) => cells.length === 3)).toBeTrue();
    expect([red, changes.unknown]).toEqual([200, 300]);
  });

  test.each([
    ["?ignore=details..at", "/ignore"],
    ["?ignore=status", "/ignore"],
    ["?ignroe=details", "/ignroe"],
  ])("refuses %s with 400", async (query, path) => {
    const response = await fleet.api.get(`/${await fleet.run(["banner"])}/comparison${query}`);
    const problem = await problemOf(response);
    expect([problem.status, problem.errors?.[0]?.path]).toEqual([400, path]);
  });

  test("answers 404 of a run that is not there", async () => {
    const problem = await problemOf(await fleet.api.get("/run_none/comparison"));
    expect(problem).toMatchObject({ status: 404, code: "run_not_found" });
  });
});

describe("change against the run before", () => {
  test("tells new failures from old ones, and what is fixed", async () => {
    await using one = new Fleet({ eu: visible(true), us: visible(false), ap: visible(true) });
    const changes = async (runId: string) =>
      cellsOf(await one.comparison(runId)).map(({ change, region }) => `${region} ${change}`);
    const first = await one.run(["banner"]);
    expect(await changes(first)).toEqual(["ap unknown", "eu unknown", "us unknown"]);
    one.answers = { eu: visible(false), us: visible(true), ap: visible(true) };
    const second = await one.run(["banner"]);
    expect(await changes(second)).toEqual(["ap same", "eu new-failure", "us fixed"]);
    const third = await one.run(["banner"]);
    expect(await changes(third)).toEqual(["ap same", "eu still-failing", "us same"]);
    // What was said of a run stays as it was.
    expect(await changes(first)).toEqual(["ap unknown", "eu unknown", "us unknown"]);
    expect(await changes(second)).toEqual(["ap same", "eu new-failure", "us fixed"]);
    const { changes: counts } = await one.comparison(second);
    expect(counts).toMatchObject({ same: 1, "new-failure": 1, fixed: 1, unknown: 0 });
  });

  test("calls a cell flaky that keeps changing", async () => {
    await using one = new Fleet({ eu: visible(true) });
    let last = "";
    for (const shown of [true, false, true, false]) {
      one.answers = { eu: visible(shown) };
      last = await one.run(["banner"]);
    }
    expect(cellsOf(await one.comparison(last))[0]?.change).toBe("flaky");
  });

  test("compares answers to the same input only, and judges by what is expected now", async () => {
    await using one = new Fleet({ eu: visible(false) });
    await one.run(["banner"], {}, { selector: "#a" });
    const other = await one.run(["banner"], {}, { selector: "#b" });
    expect(cellsOf(await one.comparison(other))[0]?.change).toBe("unknown");
    const same = await one.run(["banner"], { expect: { "*": "fail" } }, { selector: "#a" });
    expect(cellsOf(await one.comparison(same))[0]).toMatchObject({
      change: "same",
      expected: "fail",
      verdict: "expected",
    });
  });
});

async function history(query: Record<string, string>): Promise<History["results"]> {
  const response = await fleet.api.get(`/history?${new URLSearchParams(query)}`);
  const body = (await response.json()) as History;
  expect(schemaFaultsOf(History, body)).toEqual([]);
  return body.results;
}

describe("GET /api/orchestrator/history", () => {
  test("tells the last answers of a cell, newest first", async () => {
    const url = URL_UNDER_TEST;
    const first = await fleet.run(["past"], {}, { depth: 1 });
    fleet.answers = { ...banner, "eu-west-1": () => undefined };
    const second = await fleet.run(["past", "other"], { expect: EXPECT }, { depth: 2 });
    const europe = await history({ runner: "past", url, region: "eu-west-1" });
    expect(europe.map(({ runId, status }) => [runId, status])).toEqual([
      [second, "error"],
      [first, "pass"],
    ]);
    expect(europe[0]).toMatchObject({ verdict: "unexpected", errorSource: "transport" });
    expect(europe[1]).toMatchObject({ input: { depth: 1 }, durationMs: 5, region: "eu-west-1" });
    expect(europe[1]).not.toHaveProperty("details");
    expect(await history({ runner: "past", url })).toHaveLength(6);
    const deep = await history({ runner: "past", url, input: '{"depth":2}', region: "us-east-1" });
    expect(deep.map(({ runId }) => runId)).toEqual([second]);
    expect(await history({ runner: "none", url })).toEqual([]);
  });

  test("tells fifty at most", async () => {
    const runners = Array.from({ length: 60 }, () => ({
      name: "often",
      region: "eu-west-1",
      input: { url: URL_UNDER_TEST },
    }));
    await fleet.api.ended(await fleet.api.submit({ mode: "remote", runners }));
    expect(await history({ runner: "often", url: URL_UNDER_TEST })).toHaveLength(50);
  });

  test.each([
    [{}, ["/runner", "/url"]],
    [{ runner: "a", url: "ftp://x" }, ["/url"]],
    [{ runner: "a", url: "https://x", region: "e u" }, ["/region"]],
    [{ runner: "a", url: "https://x", input: "[1]" }, ["/input"]],
    [{ runner: "a", url: "https://x", input: "{" }, ["/input"]],
    [{ runner: "a", url: "https://x", nmae: "a" }, ["/nmae"]],
  ])("refuses %j with 400", async (query, paths) => {
    const response = await fleet.api.get(`/history?${new URLSearchParams(query as never)}`);
    const problem = await problemOf(response);
    expect(problem.errors?.map(({ path }) => path).toSorted()).toEqual(paths);
  });
});
