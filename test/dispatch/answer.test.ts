/** What endpoints answer, good and bad, as results: one per requested runner, whatever came. */
import { describe, expect, test } from "bun:test";

import { readAnswer, readEndpointError } from "../../src/dispatch/answer.ts";
import { parsed } from "./dispatching.ts";

const ONE = [{ name: "titleTest" }];
const TWO = [{ name: "first" }, { name: "second" }];

describe("readAnswer", () => {
  test.each<[string, unknown]>([
    ["plain", { runId: "r", results: [{ name: "title", status: "pass" }] }],
    ["wrapped in json", { json: { results: [{ name: "title", status: "pass" }] } }],
  ])("takes a %s answer", (_form, body) => {
    expect(readAnswer(parsed(JSON.stringify(body)), ONE)).toEqual({
      state: "completed",
      results: [{ name: "titleTest", reportedName: "title", status: "pass" }],
    });
  });

  test.each<[unknown, string | undefined]>([
    ["eu-west-1", "eu-west-1"],
    ["", undefined],
    [7, undefined],
    ["x".repeat(1_000), `${"x".repeat(127)}…`],
    ["a\0b", "a\ufffdb"],
  ])("tells that it names %p as its region", (region, reportedRegion) => {
    const body = JSON.stringify({ region, results: [{ status: "pass" }] });
    expect(readAnswer(parsed(body), ONE).reportedRegion).toBe(reportedRegion);
    const short = JSON.stringify({ region, results: [] });
    expect(readAnswer(parsed(short), ONE).reportedRegion).toBe(reportedRegion);
  });

  test("fails the job and keeps what came when results are missing", () => {
    const body = JSON.stringify({ results: [{ name: "first", status: "pass" }] });
    const error = "The endpoint answered 1 of 2 results.";
    expect(readAnswer(parsed(body), TWO)).toEqual({
      state: "failed",
      errorCode: "missing_results",
      errorSource: "transport",
      error,
      results: [
        { name: "first", status: "pass" },
        {
          name: "second",
          status: "error",
          errorMessage: error,
          errorCode: "missing_results",
          errorSource: "transport",
        },
      ],
    });
  });

  test("drops a surplus and completes the job", () => {
    const results = ["pass", "fail", "pass"].map((status) => ({ name: "unknown", status }));
    expect(readAnswer(parsed(JSON.stringify({ results })), TWO)).toMatchObject({
      state: "completed",
      results: [{ status: "pass" }, { status: "fail" }],
    });
  });

  test("matches by index, whatever the results are called", () => {
    const results = [
      { name: "second", status: "pass" },
      { name: "first", status: "fail" },
    ];
    const named = readAnswer(parsed(JSON.stringify({ results })), TWO).results;
    expect(named?.map(({ name, status }) => [name, status])).toEqual([
      ["first", "pass"],
      ["second", "fail"],
    ]);
  });

  test.each<[string, string, string]>([
    ["nothing", "", "The endpoint answered an empty body."],
    ["white space", " \r\n", "The endpoint answered an empty body."],
    ["HTML", "<!doctype html>", "The endpoint answered a body that is not JSON."],
    [
      "truncated JSON",
      '{"results":[{"status":"pa',
      "The endpoint answered a body that is not JSON.",
    ],
    ["two documents", '{"results":[]}{}', "The endpoint answered a body that is not JSON."],
    ["null", "null", 'The endpoint answered JSON without "results".'],
    ["a number", "7", 'The endpoint answered JSON without "results".'],
    ["an array", "[]", 'The endpoint answered JSON without "results".'],
    ["an object of another kind", '{"ok":true}', 'The endpoint answered JSON without "results".'],
    [
      "results that are no array",
      '{"results":{}}',
      'The endpoint answered JSON without "results".',
    ],
    ["an empty envelope", '{"json":{}}', 'The endpoint answered JSON without "results".'],
    [
      "results by way of a prototype",
      '{"__proto__":{"results":[]}}',
      'The endpoint answered JSON without "results".',
    ],
    [
      "200 000 nested arrays",
      "[".repeat(200_000) + "]".repeat(200_000),
      "The endpoint answered JSON that nests too deep.",
    ],
    [
      "deep details",
      `{"results":[{"status":"pass","details":${'{"a":'.repeat(40)}1${"}".repeat(40)}}]}`,
      "The endpoint answered JSON that nests too deep.",
    ],
  ])("refuses %s in one sentence", (_what, body, error) => {
    const refusal = { state: "failed", errorCode: "bad_body", errorSource: "transport", error };
    expect(readAnswer(parsed(body), ONE)).toEqual(refusal as never);
  });
});

describe("readEndpointError", () => {
  test("reads the SDK's error, plain or wrapped", () => {
    const data = { missingRunners: ["nope"] };
    const error = { defined: true, code: "RUNNER_NOT_FOUND", status: 500, message: "No.", data };
    const read = { code: "RUNNER_NOT_FOUND", message: "No.", data };
    expect(readEndpointError(parsed(JSON.stringify(error)))).toEqual(read);
    expect(readEndpointError(parsed(JSON.stringify({ json: error })))).toEqual(read);
  });

  test.each([
    "",
    "<h1>Bad gateway</h1>",
    "null",
    "[]",
    '{"message":"no code"}',
    '{"code":500}',
    '{"__proto__":{"code":"RUNNER_NOT_FOUND"}}',
    "[".repeat(200_000) + "]".repeat(200_000),
  ])("finds none in another body", (body) => {
    expect(readEndpointError(parsed(body))).toBeUndefined();
  });

  test("takes data and message of a wrong type as absent", () => {
    const read = { code: "X", message: "", data: {} };
    expect(readEndpointError(parsed('{"defined":true,"code":"X","message":7,"data":[1]}'))).toEqual(
      read,
    );
  });
});
