import { describe, expect, test } from "bun:test";

import { acceptedEvidence, MAX_SCREENSHOT, withEvidence } from "../../src/runner/evidence.ts";

const screenshot = "data:image/jpeg;base64,AAAA";

describe("withEvidence", () => {
  const evidence = { screenshot, consoleErrors: ["oops"] };
  test.each([
    ["nothing", undefined, evidence],
    ["null", null, evidence],
    ["an object", { seen: 1 }, { ...evidence, seen: 1 }],
    ["an object with such keys", { screenshot: "mine" }, { ...evidence, screenshot: "mine" }],
    ["a text", "text", "text"],
    ["a list", [1], [1]],
  ])("stands beside %s", (_what, details, expected) => {
    expect(withEvidence(details, evidence)).toEqual(expected);
  });

  test("details stay as they are without any", () => {
    expect(withEvidence(undefined, undefined)).toBeUndefined();
  });
});

describe("acceptedEvidence", () => {
  test("takes what a host may send", () => {
    const evidence = { screenshot, consoleErrors: ["a", "b"] };
    expect(acceptedEvidence(evidence)).toEqual(evidence);
  });

  test.each([
    ["no object", "text"],
    ["another kind of picture", { screenshot: "data:text/html;base64,AAAA" }],
    ["no picture at all", { screenshot: "https://example.com/x.jpg" }],
    ["too large a picture", { screenshot: `${screenshot}${"A".repeat(MAX_SCREENSHOT)}` }],
    ["no list", { consoleErrors: { length: 1 } }],
    ["a list of something else", { consoleErrors: [1, null] }],
  ])("drops %s", (_what, value) => {
    expect(acceptedEvidence(value)).toBeUndefined();
  });

  test("keeps the last lines, cut", () => {
    const lines = Array.from({ length: 30 }, (_, index) => `${index} ${"x".repeat(1_000)}\0`);
    const { consoleErrors = [] } = acceptedEvidence({ consoleErrors: lines }) ?? {};
    expect(consoleErrors).toHaveLength(20);
    expect(consoleErrors[0]).toStartWith("10 x");
    expect(consoleErrors.every((line) => line.length === 500)).toBe(true);
  });
});
