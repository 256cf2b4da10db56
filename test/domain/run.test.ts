import { describe, expect, test } from "bun:test";

import { Value } from "@sinclair/typebox/value";

import { RunId, RunRequest } from "../../src/domain/run.ts";

const url = "https://example.com";
const runner = { name: "a", region: "eu-west-1", input: { url } };
const request = { runners: [runner], mode: "remote" };
const withRunner = (change: object) => ({ ...request, runners: [{ ...runner, ...change }] });

/** Where the schema finds a fault. */
const paths = (value: unknown): string[] =>
  [...Value.Errors(RunRequest, value)].map(({ path }) => path);

describe("RunRequest", () => {
  test.each<[string, unknown]>([
    ["the least request", request],
    ["local mode without a region", { runners: [{ name: "a", input: { url } }], mode: "local" }],
    ["a runner without input: admission decides", { runners: [{ name: "a" }], mode: "local" }],
    [
      "every field",
      {
        ...request,
        concurrency: 3,
        timeout: 60_000,
        jobTimeout: 5_000,
        retries: 2,
        runId: "run_abc-123",
        tags: ["nightly"],
      },
    ],
    ["the smallest limits", { ...request, concurrency: 1, timeout: 1, jobTimeout: 1, retries: 0 }],
    ["five retries", { ...request, retries: 5 }],
    ["no tags", { ...request, tags: [] }],
    ["ten tags of 64", { ...request, tags: Array.from({ length: 10 }, () => "t".repeat(64)) }],
    ["a name of 128 characters", withRunner({ name: "n".repeat(128) })],
    ["a name of any printable text", withRunner({ name: "tests/é 名 <b>\u00a0😀" })],
    ["a region of 63 characters", withRunner({ region: "r".repeat(63) })],
    ["a region with all its characters", withRunner({ region: "0Az._-" })],
    ["input of the runner's own", withRunner({ input: { url, depth: [1, { a: null }] } })],
    ["an upper-case scheme", withRunner({ input: { url: "HTTPS://example.com" } })],
    ["a run id of 128 characters", { ...request, runId: "r".repeat(128) }],
    ["the same runner twice", { ...request, runners: [runner, runner] }],
  ])("accepts %s", (_, value) => {
    expect(paths(value)).toEqual([]);
    expect(Value.Check(RunRequest, value)).toBe(true);
  });

  test.each<[string, unknown, string]>([
    ["null", null, ""],
    ["an array", [request], ""],
    ["a string", "run", ""],
    ["no runners", { mode: "remote" }, "/runners"],
    ["empty runners", { ...request, runners: [] }, "/runners"],
    ["runners that are no array", { ...request, runners: { 0: runner } }, "/runners"],
    ["no mode", { runners: [runner] }, "/mode"],
    ["an unknown mode", { ...request, mode: "REMOTE" }, "/mode"],
    ["an unknown field", { ...request, concurency: 1 }, "/concurency"],
    ["a null field", { ...request, timeout: null }, "/timeout"],
    ["a concurrency of 0", { ...request, concurrency: 0 }, "/concurrency"],
    ["a fractional concurrency", { ...request, concurrency: 1.5 }, "/concurrency"],
    ["a concurrency in text", { ...request, concurrency: "5" }, "/concurrency"],
    ["a timeout of 0", { ...request, timeout: 0 }, "/timeout"],
    ["a negative timeout", { ...request, timeout: -1 }, "/timeout"],
    ["a fractional timeout", { ...request, timeout: 0.5 }, "/timeout"],
    ["a job timeout of 0", { ...request, jobTimeout: 0 }, "/jobTimeout"],
    ["a fractional job timeout", { ...request, jobTimeout: 1.5 }, "/jobTimeout"],
    ["negative retries", { ...request, retries: -1 }, "/retries"],
    ["six retries", { ...request, retries: 6 }, "/retries"],
    ["retries in text", { ...request, retries: "2" }, "/retries"],
    ["an empty run id", { ...request, runId: "" }, "/runId"],
    ["a run id of 129 characters", { ...request, runId: "r".repeat(129) }, "/runId"],
    ["a run id with a slash", { ...request, runId: "a/b" }, "/runId"],
    ["a run id with a dot", { ...request, runId: "spec.json" }, "/runId"],
    ["a run id that ends in a newline", { ...request, runId: "run\n" }, "/runId"],
    ["tags that are no array", { ...request, tags: "nightly" }, "/tags"],
    ["eleven tags", { ...request, tags: Array.from({ length: 11 }, String) }, "/tags"],
    ["an empty tag", { ...request, tags: [""] }, "/tags/0"],
    ["a tag of 65 characters", { ...request, tags: ["ok", "t".repeat(65)] }, "/tags/1"],
    ["a runner that is text", { ...request, runners: ["a"] }, "/runners/0"],
    ["a runner without a name", { ...request, runners: [{ input: { url } }] }, "/runners/0/name"],
    ["an empty name", withRunner({ name: "" }), "/runners/0/name"],
    ["a name of 129 characters", withRunner({ name: "n".repeat(129) }), "/runners/0/name"],
    ["a name with a newline", withRunner({ name: "a\nb" }), "/runners/0/name"],
    ["a name that ends in a newline", withRunner({ name: "a\n" }), "/runners/0/name"],
    ["a name with an escape", withRunner({ name: "\u001b[31m" }), "/runners/0/name"],
    ["a name with a C1 character", withRunner({ name: "a\u009b" }), "/runners/0/name"],
    ["a misspelt runner field", withRunner({ regoin: "x" }), "/runners/0/regoin"],
    ["an empty region", withRunner({ region: "" }), "/runners/0/region"],
    ["a region of 64 characters", withRunner({ region: "r".repeat(64) }), "/runners/0/region"],
    ["a region named __proto__", withRunner({ region: "__proto__" }), "/runners/0/region"],
    ["a region with a slash", withRunner({ region: "eu/west" }), "/runners/0/region"],
    ["input that is an array", withRunner({ input: [] }), "/runners/0/input"],
    ["input that is text", withRunner({ input: url }), "/runners/0/input"],
    ["a url that is a number", withRunner({ input: { url: 1 } }), "/runners/0/input/url"],
    ["a relative url", withRunner({ input: { url: "/x" } }), "/runners/0/input/url"],
    [
      "a url of another scheme",
      withRunner({ input: { url: "file:///x" } }),
      "/runners/0/input/url",
    ],
    ["a script url", withRunner({ input: { url: "javascript:1" } }), "/runners/0/input/url"],
    [
      "a url of more than 8192 characters",
      withRunner({ input: { url: `${url}/${"x".repeat(8_192)}` } }),
      "/runners/0/input/url",
    ],
  ])("refuses %s", (_, value, path) => {
    expect(Value.Check(RunRequest, value)).toBe(false);
    expect(paths(value)).toContain(path);
  });

  test("finds every fault of a request", () => {
    const value = { runners: [{ name: "" }, { name: "a", region: "-" }], mode: "x", extra: 1 };
    expect(paths(value)).toEqual(
      expect.arrayContaining(["/runners/0/name", "/runners/1/region", "/mode", "/extra"]),
    );
  });

  test("accepts its own examples", () => {
    for (const example of RunRequest.examples as unknown[]) expect(paths(example)).toEqual([]);
  });
});

describe("RunId", () => {
  test.each(["r", "run_abc123", "A-Z_09", "0"])("accepts %s", (id) => {
    expect(Value.Check(RunId, id)).toBe(true);
  });

  test.each(["", " ", "a b", "ä", "a%2fb", "..", "a\0"])("refuses %j", (id) => {
    expect(Value.Check(RunId, id)).toBe(false);
  });
});
