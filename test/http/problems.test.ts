/** Every refusal of the API: its status, its code, what it says, and what it does not say. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { RESERVED_RUN_IDS } from "../../src/domain/run.ts";
import { type Endpoint, startEndpoint } from "../support/endpoint.ts";
import { problemOf, regions, request, Served } from "./serving.ts";

let endpoint: Endpoint;
let api: Served;

beforeAll(() => {
  endpoint = startEndpoint();
  const base = endpoint.base;
  api = new Served({
    regions: regions({ "us-east-1": base, "eu-west-1": base }),
    maxBody: 20_000,
    maxRunners: 20,
    maxRunTime: 60_000,
  });
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  endpoint[Symbol.dispose]();
});

const good = request(["us-east-1"]);
const runner = { name: "a", region: "us-east-1", input: { url: "https://example.com" } };

describe("POST /api/orchestrator refuses a body that is", () => {
  test.each<[string, string]>([
    ["empty", ""],
    ["truncated", '{"mode":"remote","password":"hunter2"'],
    ["no JSON", "mode=remote&password=hunter2"],
    ["two documents", "{}{}"],
    ["JSON with a comment", '{/* hunter2 */"mode":"remote"}'],
  ])("%s, as malformed", async (_what, body) => {
    const problem = await problemOf(await api.post(body));
    expect(problem).toMatchObject({ status: 400, code: "malformed_json", title: "Bad Request" });
  });

  test("not UTF-8, as malformed", async () => {
    const bytes = Buffer.concat([Buffer.from('{"mode":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const response = await api.get("", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: bytes,
    });
    expect(await problemOf(response)).toMatchObject({ status: 400, code: "malformed_json" });
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["a list", [good]],
    ["a string", '"remote"'],
    ["a number", 7],
  ])("%s, as invalid", async (_what, body) => {
    const problem = await problemOf(await api.post(body));
    expect(problem).toMatchObject({ status: 400, code: "invalid_request" });
    expect(problem.errors).toHaveLength(1);
  });

  test.each<[string, unknown, string]>([
    ["an empty list of runners", { ...good, runners: [] }, "/runners"],
    ["runners that are no list", { ...good, runners: { 0: runner } }, "/runners"],
    ["no runners", { mode: "remote" }, "/runners"],
    ["no mode", { runners: [runner] }, "/mode"],
    ["an unknown mode", { ...good, mode: "cloud" }, "/mode"],
    ["concurrency 0", { ...good, concurrency: 0 }, "/concurrency"],
    ["concurrency in a string", { ...good, concurrency: "3" }, "/concurrency"],
    ["half a concurrency", { ...good, concurrency: 1.5 }, "/concurrency"],
    ["null for concurrency", { ...good, concurrency: null }, "/concurrency"],
    ["a negative timeout", { ...good, timeout: -1 }, "/timeout"],
    ["a timeout above the limit", { ...good, timeout: 60_001 }, "/timeout"],
    ["a run id with a space", { ...good, runId: "a b" }, "/runId"],
    ["an empty run id", { ...good, runId: "" }, "/runId"],
    ["a run id of 129 characters", { ...good, runId: "x".repeat(129) }, "/runId"],
    ...RESERVED_RUN_IDS.map((runId): [string, object, string] => [
      `a run id that is the route ${runId}`,
      { ...good, runId },
      "/runId",
    ]),
    ["11 tags", { ...good, tags: Array(11).fill("x") }, "/tags"],
    ["an empty tag", { ...good, tags: [""] }, "/tags/0"],
    ["a tag of 65 characters", { ...good, tags: ["x".repeat(65)] }, "/tags/0"],
    ["a runner that is a string", { ...good, runners: ["a"] }, "/runners/0"],
    [
      "a runner without a name",
      { ...good, runners: [{ ...runner, name: undefined }] },
      "/runners/0/name",
    ],
    ["an empty name", { ...good, runners: [{ ...runner, name: "" }] }, "/runners/0/name"],
    [
      "a name with a control character",
      { ...good, runners: [{ ...runner, name: "a\nb" }] },
      "/runners/0/name",
    ],
    [
      "a name of 129 characters",
      { ...good, runners: [{ ...runner, name: "x".repeat(129) }] },
      "/runners/0/name",
    ],
    [
      "a region no name",
      { ...good, runners: [{ ...runner, region: "../eu" }] },
      "/runners/0/region",
    ],
    ["input that is a list", { ...good, runners: [{ ...runner, input: [] }] }, "/runners/0/input"],
    [
      "a url without a scheme",
      { ...good, runners: [{ ...runner, input: { url: "example.com" } }] },
      "/runners/0/input/url",
    ],
    [
      "a file url",
      { ...good, runners: [{ ...runner, input: { url: "file:///etc/passwd" } }] },
      "/runners/0/input/url",
    ],
    [
      "a url that is none",
      { ...good, runners: [{ ...runner, input: { url: "http://" } }] },
      "/runners/0/input/url",
    ],
    ["21 runners", { ...good, runners: Array.from({ length: 21 }, () => runner) }, "/runners"],
    [
      "a forbidden key",
      `{"mode":"remote","runners":[{"name":"a","input":{"__proto__":{}}}]}`,
      "/runners/0/input/__proto__",
    ],
    [
      "a number nobody can keep",
      `{"mode":"remote","runners":[{"name":"a","input":{"n":12345678901234567890}}]}`,
      "/runners/0/input/n",
    ],
    [
      "U+0000",
      { ...good, runners: [{ ...runner, input: { url: "https://x.y", a: "\0" } }] },
      "/runners/0/input/a",
    ],
    [
      "half a surrogate pair",
      { ...good, runners: [{ ...runner, input: { a: "\ud800" } }] },
      "/runners/0/input/a",
    ],
    [
      "deep nesting",
      `{"mode":"remote","runners":${"[".repeat(9_000)}${"]".repeat(9_000)}}`,
      "/runners/0/0/0",
    ],
  ])("faulty, naming the place: %s", async (_what, body, path) => {
    const problem = await problemOf(await api.post(body));
    expect(problem).toMatchObject({ status: 400, code: "invalid_request" });
    expect(problem.errors).toHaveLength(1);
    expect(problem.errors?.[0]?.path).toStartWith(path);
    expect(problem.errors?.[0]?.message).toMatch(/\S.*/);
  });

  test("faulty by an object that no string can be made of", async () => {
    for (const key of ["toString", "valueOf", "toJSON"]) {
      const body = { ...good, runners: [{ ...runner, name: { toString: 1, [key]: 1 } }] };
      const problem = await problemOf(await api.post(body));
      expect(problem).toMatchObject({ status: 400, code: "invalid_request" });
      expect(problem.errors?.map(({ path }) => path)).toEqual(["/runners/0/name"]);
    }
  });

  test("faulty in many places, naming them all", async () => {
    const body = {
      runners: [
        { name: "", region: "-", input: { url: "x" }, retires: 3 },
        { name: 7, regoin: "eu-west-1" },
        "hunter2",
      ],
      mode: "hunter2",
      concurency: 3,
      timeout: "60000",
      runId: "docs",
      tags: ["", 7],
    };
    const problem = await problemOf(await api.post(body));
    expect(problem.errors?.map(({ path }) => path).toSorted()).toEqual([
      "/concurency",
      "/mode",
      "/runId",
      "/runners/0/input/url",
      "/runners/0/name",
      "/runners/0/region",
      "/runners/0/retires",
      "/runners/1/name",
      "/runners/1/regoin",
      "/runners/2",
      "/tags/0",
      "/tags/1",
      "/timeout",
    ]);
    const messages = problem.errors?.map(({ message }) => message);
    for (const name of ["concurency", "retires", "regoin"]) {
      expect(messages).toContain(`Unknown field "${name}".`);
    }
  });

  test("not declared as JSON", async () => {
    const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""];
    for (const type of [...types, "application/jsonp", "application/problem+json"]) {
      const problem = await problemOf(await api.post(good, { "content-type": type }));
      expect(problem).toMatchObject({ status: 415, code: "unsupported_media_type" });
    }
  });

  test("declared as nothing", async () => {
    const body = new Blob([JSON.stringify(good)]);
    const response = await api.get("", { method: "POST", body });
    expect(await problemOf(response)).toMatchObject({ status: 415 });
  });

  test("too large, whether it says so or not", async () => {
    const large = JSON.stringify({ ...good, tags: ["x".repeat(20_000)] });
    expect(await problemOf(await api.post(large))).toMatchObject({
      status: 413,
      code: "payload_too_large",
    });
    const body = new Blob([large]).stream();
    const headers = { "content-type": "application/json" };
    const streamed = await api.get("", { method: "POST", headers, body });
    expect(await problemOf(streamed)).toMatchObject({ status: 413 });
  });

  test("JSON by any other way to write the type", async () => {
    for (const type of [
      "application/json; charset=utf-8",
      "Application/JSON",
      "application/json;",
    ]) {
      const response = await api.post(good, { "content-type": type });
      expect(response.status).toBe(202);
    }
  });
});
