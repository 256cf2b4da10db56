import { describe, expect, test } from "bun:test";

import { Value } from "@sinclair/typebox/value";

import { countResults, Result, unanswered } from "../../src/domain/result.ts";

describe("unanswered", () => {
  test("is an error result that says why and who", () => {
    const result = unanswered("a", { error: "The endpoint hung up.", errorSource: "transport" });
    expect(result).toEqual({
      name: "a",
      status: "error",
      errorMessage: "The endpoint hung up.",
      errorSource: "transport",
    });
    expect(Value.Check(Result, result)).toBe(true);
  });

  test("keeps the code of what failed", () => {
    const why = { error: "It was late.", errorCode: "timed_out", errorSource: "timeout" } as const;
    expect(unanswered("a", why)).toMatchObject({ errorCode: "timed_out" });
  });
});

describe("countResults", () => {
  test("counts each status once", () => {
    const statuses = ["pass", "fail", "pass", "error", "pass", "fail"] as const;
    const results = statuses.map((status) => ({ name: "a", status }));
    expect(countResults(results)).toEqual({ passed: 3, failed: 2, errored: 1 });
    expect(countResults([])).toEqual({ passed: 0, failed: 0, errored: 0 });
  });
});
