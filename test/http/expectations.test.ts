/** `expect`, `policy` and `ignore` of a request: verdicts, what the run came to, and refusals. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";

import type { RunSummary } from "../../src/domain/run.ts";
import { type Answers, Fleet, URL_UNDER_TEST, visible } from "./comparing.ts";
import { problemOf } from "./serving.ts";

const banner: Answers = {
  "us-east-1": visible(false),
  "eu-west-1": visible(true),
  "ap-southeast-1": visible(false),
};

let fleet: Fleet;

beforeAll(() => {
  fleet = new Fleet(banner);
});

beforeEach(() => {
  fleet.answers = banner;
});

afterAll(() => fleet[Symbol.asyncDispose]());

async function ended(more: object, names: readonly string[] = ["banner"]): Promise<RunSummary> {
  return fleet.api.ended(await fleet.run(names, more));
}

const verdicts = ({ jobs }: RunSummary) =>
  jobs.flatMap(({ region, results }) => results.map(({ verdict }) => `${region} ${verdict}`));

const runner = (name: string, own?: object) => ({
  name,
  region: "us-east-1",
  input: { url: URL_UNDER_TEST },
  ...(own ? { expect: own } : {}),
});

const rerun = async (runId: string, body: object): Promise<Response> =>
  fleet.api.get(`/${runId}/rerun`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const accepted = async (response: Response): Promise<RunSummary> => {
  const { runId } = (await response.json()) as { runId: string };
  expect(response.status).toBe(202);
  return fleet.api.ended(runId);
};
const places = ({ jobs }: RunSummary) => jobs.map(({ region }) => region);

describe("expect", () => {
  test("gives results verdicts and leaves their status as it was", async () => {
    const run = await ended({ expect: { "eu-*": "pass", "us-*": "fail" } });
    expect(verdicts(run)).toEqual([
      "us-east-1 expected",
      "eu-west-1 expected",
      "ap-southeast-1 unexpected",
    ]);
    expect(run.summary).toEqual({
      total: 3,
      passed: 1,
      failed: 2,
      errored: 0,
      expected: 2,
      unexpected: 1,
      verdict: "unexpected",
    });
    expect(run.state).toBe("completed");
  });

  test("is silent where nothing is expected", async () => {
    const run = await ended({});
    expect(run.summary).toEqual({ total: 3, passed: 1, failed: 2, errored: 0 });
    expect(JSON.stringify(run)).not.toContain("verdict");
  });

  test("goes by the first glob in written order", async () => {
    const first = await ended({ expect: { "*": "fail", "eu-*": "pass" } });
    expect(first.summary).toMatchObject({ expected: 2, unexpected: 1 });
    const second = await ended({ expect: { "eu-*": "pass", "*": "fail" } });
    expect(second.summary).toMatchObject({ expected: 3, verdict: "expected" });
  });

  test("takes a runner's own before what the request has under its name, and that before all", async () => {
    const runId = await fleet.api.submit({
      mode: "remote",
      expect: { named: { "us-*": "fail" }, "*": "pass" },
      runners: [runner("plain"), runner("named"), runner("named", { "*": "pass" })],
    });
    const { jobs } = await fleet.api.ended(runId);
    expect(jobs[0]?.results.map(({ verdict }) => verdict)).toEqual([
      "unexpected",
      "expected",
      "unexpected",
    ]);
  });

  test("never is met by an error, whoever made it", async () => {
    fleet.answers = {
      ...banner,
      "us-east-1": () => undefined,
      "ap-southeast-1": () => ({ status: "error", errorMessage: "boom" }),
    };
    const run = await ended({ expect: { "*": "fail" }, policy: "any" });
    expect(run.summary).toMatchObject({ errored: 2, expected: 0, verdict: "unexpected" });
    expect(verdicts(run).every((text) => text.endsWith(" unexpected"))).toBeTrue();
  });

  test("is not told to the endpoint", async () => {
    const before = fleet.endpoints["us-east-1"]?.received.length ?? 0;
    await ended({ expect: { "*": "fail" } });
    const [request] = fleet.endpoints["us-east-1"]?.received.slice(before) ?? [];
    expect(JSON.stringify(request?.body)).not.toContain("expect");
  });

  test("is met by cancelled and late jobs no more than by failed ones", async () => {
    const { summary } = await ended({ expect: { "*": "fail" }, timeout: 1 });
    expect((summary.expected ?? 0) + (summary.unexpected ?? 0)).toBe(3);
  });
});

describe("policy", () => {
  test.each([
    ["all", "unexpected", undefined],
    ["any", "expected", ["ap-southeast-1", "us-east-1"]],
    ["majority", "unexpected", undefined],
    [{ atLeast: 1 }, "expected", ["ap-southeast-1", "us-east-1"]],
    [{ atLeast: 2 }, "unexpected", undefined],
  ])("%j of a runner that passes in one region of three", async (policy, verdict, localized) => {
    const { summary } = await ended({ policy });
    expect([summary.verdict, summary.localized]).toEqual([verdict as never, localized]);
  });

  test("counts regions per runner and keeps those below it loud", async () => {
    fleet.answers = { ...banner, "us-east-1": visible(true), "ap-southeast-1": () => undefined };
    const { summary } = await ended({ policy: "majority" }, ["a", "b"]);
    expect(summary).toMatchObject({ verdict: "expected", localized: ["ap-southeast-1"] });
  });

  test("is told in the run's last event", async () => {
    const runId = await fleet.run(["banner"], { policy: "any" });
    const text = await (await fleet.api.get(`/${runId}/events`)).text();
    expect(text.split("event: run.finished")[1]).toContain('"verdict":"expected"');
  });
});

describe("a rerun of a judged run", () => {
  test("repeats what was not expected, and judges it alike", async () => {
    const runId = await fleet.run(["banner"], { expect: { "eu-*": "pass", "us-*": "fail" } });
    const again = await accepted(await rerun(runId, {}));
    expect(places(again)).toEqual(["ap-southeast-1"]);
    expect(again.summary).toMatchObject({ unexpected: 1, verdict: "unexpected" });
    const all = await accepted(await rerun(runId, { only: "all" }));
    expect(all.summary).toMatchObject({ expected: 2, unexpected: 1 });
  });

  test("repeats just the cells that are named", async () => {
    const runId = await fleet.run(["a", "b"], { policy: "majority", ignore: ["details.at"] });
    const cell = { name: "b", region: "eu-west-1", url: URL_UNDER_TEST };
    const again = await accepted(await rerun(runId, { cells: [cell] }));
    expect(places(again)).toEqual(["eu-west-1"]);
    expect(again.jobs[0]?.results.map(({ name }) => name)).toEqual(["b"]);
    expect(again.summary).toMatchObject({ total: 1, verdict: "expected" });
  });

  test("is one run for one Idempotency-Key, whatever the order of its cells", async () => {
    const runId = await fleet.run(["a", "b"]);
    const cells = ["a", "b"].map((name) => ({ name, region: "eu-west-1", url: URL_UNDER_TEST }));
    const send = (body: object) =>
      fleet.api.get(`/${runId}/rerun`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": `cells ${runId}` },
        body: JSON.stringify(body),
      });
    expect((await send({ cells })).status).toBe(202);
    expect((await send({ cells: cells.toReversed() })).status).toBe(200);
    expect((await send({ cells: cells.slice(1) })).status).toBe(409);
  });

  test.each([
    [{ cells: [{ name: "a", region: "mars", url: URL_UNDER_TEST }] }, ["/cells/0"]],
    [{ cells: [{ name: "a", url: URL_UNDER_TEST }] }, ["/cells/0"]],
    [{ cells: [] }, ["/cells"]],
    [{ cells: [{ name: "a" }] }, ["/cells/0/url"]],
    [{ only: "all", cells: [{ name: "a", region: "eu-west-1", url: URL_UNDER_TEST }] }, ["/only"]],
  ])("refuses %j with 400", async (body, paths) => {
    const runId = await fleet.run(["a"]);
    const problem = await problemOf(await rerun(runId, body));
    expect(problem.errors?.map(({ path }) => path)).toEqual(paths);
  });

  test("has nothing to repeat when all is as expected", async () => {
    const runId = await fleet.run(["banner"], { expect: { "eu-*": "pass", "*": "fail" } });
    const problem = await problemOf(await rerun(runId, {}));
    expect(problem).toMatchObject({ code: "nothing_to_rerun" });
    expect(problem.detail).toContain("as expected");
  });
});

describe("bad input", () => {
  test.each<[object, string, string]>([
    [{ expect: { "mars-*": "fail" } }, "/expect/mars-*", "matches no requested region"],
    [{ expect: { "*": "maybe" } }, "/expect/*", "Must be"],
    [{ expect: { "*": "error" } }, "/expect/*", "Must be"],
    [{ expect: { "eu{1,2}": "pass" } }, "/expect/eu{1,2}", "no glob"],
    [{ expect: { nobody: { "*": "fail" } } }, "/expect/nobody", 'No runner "nobody"'],
    [{ expect: { banner: "fail" } }, "/expect/banner", '{"banner":{"*":"fail"}}'],
    [{ expect: { banner: { "mars-*": "fail" } } }, "/expect/banner/mars-*", "no requested region"],
    [{ expect: [] }, "/expect", ""],
    [{ policy: "most" }, "/policy", '"majority"'],
    [{ policy: { atLeast: 0 } }, "/policy", '{"atLeast": n}'],
    [{ policy: { atLeast: 4 } }, "/policy/atLeast", "only 3"],
    [{ ignore: ["details.a", "details..b"] }, "/ignore/1", "details..b"],
    [{ ignore: ["status"] }, "/ignore/0", '"details"'],
    [{ ignore: "details" }, "/ignore", ""],
  ])("refuses %j with 400", async (more, path, message) => {
    const runners = Object.keys(banner).map((region) => ({
      name: "banner",
      region,
      input: { url: URL_UNDER_TEST },
    }));
    const problem = await problemOf(await fleet.api.post({ mode: "remote", runners, ...more }));
    expect(problem).toMatchObject({ status: 400, code: "invalid_request" });
    expect(problem.errors?.map((fault) => fault.path)).toEqual([path]);
    expect(problem.errors?.[0]?.message).toContain(message);
  });

  test("refuses a policy that one runner cannot meet, whatever the others can", async () => {
    const asked = [
      ...Object.keys(banner).map((region) => ["banner", region]),
      ["title", "eu-west-1"],
      ["title", "us-east-1"],
    ] as const;
    const runners = asked.map(([name, region]) => ({
      name,
      region,
      input: { url: URL_UNDER_TEST },
    }));
    const refused = (policy: object): Promise<Response> =>
      fleet.api.post({ mode: "remote", runners, policy });
    const { errors } = await problemOf(await refused({ atLeast: 3 }));
    expect(errors).toEqual([
      {
        path: "/policy/atLeast",
        message:
          'Asks for 3 regions, but runner "title" with one url and input is requested in only 2.',
      },
    ]);
    expect((await refused({ atLeast: 2 })).status).toBe(202);
  });

  test("lists every fault at once, a runner's own among them", async () => {
    const runners = [
      {
        name: "a",
        region: "eu-west-1",
        input: { url: URL_UNDER_TEST },
        expect: { "us-*": "fail" },
      },
      { name: "a", region: "eu-west-1", input: { url: URL_UNDER_TEST }, expect: { "?": "fail" } },
    ];
    const body = { mode: "remote", runners, ignore: ["x"], expect: { b: { "*": "pass" } } };
    const problem = await problemOf(await fleet.api.post(body));
    expect(problem.errors?.map(({ path }) => path)).toEqual([
      "/expect/b",
      "/runners/0/expect/us-*",
      "/runners/1/expect/?",
      "/ignore/0",
    ]);
  });

  test("refuses a glob whose place JSON does not keep", async () => {
    await using one = new Fleet({ "1": visible(true), eu: visible(true) });
    const runners = ["1", "eu"].map((region) => ({
      name: "a",
      region,
      input: { url: URL_UNDER_TEST },
    }));
    const post = (globs: object) => one.api.post({ mode: "remote", runners, expect: globs });
    const problem = await problemOf(await post({ "*": "pass", "1": "fail" }));
    expect(problem.errors?.map(({ path }) => path)).toEqual(["/expect/1"]);
    expect((await post({ "1": "fail", "e*": "pass" })).status).toBe(202);
  });
});
