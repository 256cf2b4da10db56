import { describe, expect, test } from "bun:test";

import { changeOf, toldBy } from "../../../src/orchestrator/comparison/change.ts";

describe("changeOf", () => {
  test.each([
    ["new-failure", "fail", ["pass"]],
    ["new-failure", "error", ["pass", "fail"]],
    ["still-failing", "fail", ["error", "pass"]],
    ["fixed", "pass", ["fail", "pass"]],
    ["fixed", "pass", ["fail", "fail", "fail", "fail", "pass"]],
    ["same", "pass", ["pass", "fail"]],
    ["flaky", "fail", ["pass", "fail", "pass"]],
    ["flaky", "pass", ["fail", "pass", "fail", "pass"]],
    ["flaky", "pass", ["pass", "pass", "fail", "pass", "fail"]],
    ["new-failure", "fail", ["pass", "pass", "pass", "fail", "fail", "pass"]],
    ["unknown", "fail", []],
    ["unknown", undefined, ["pass"]],
  ] as const)("%s: %p after %j", (change, now, earlier) => {
    expect(changeOf(now, earlier)).toBe(change);
  });

  test.each([
    ["same", "fail", ["fail"]],
    ["new-failure", "pass", ["fail"]],
    ["fixed", "fail", ["pass"]],
    ["still-failing", "error", ["pass"]],
    ["new-failure", "error", ["fail"]],
  ] as const)("%s: %p after %j where fail is expected", (change, now, earlier) => {
    expect(changeOf(now, earlier, "fail")).toBe(change);
  });

  test("a cancelled job has told nothing", () => {
    expect(toldBy({ status: "error", errorSource: "cancelled" })).toBeUndefined();
    expect(toldBy({ status: "error", errorSource: "transport" })).toBe("error");
  });
});
