/** One result of an endpoint's answer: every field checked, cut and cleaned, none believed. */
import { describe, expect, test } from "bun:test";

import { Value } from "@sinclair/typebox/value";

import { readAnswer } from "../../src/dispatch/answer.ts";
import { Result } from "../../src/domain/result.ts";
import { parsed } from "./dispatching.ts";

const ONE = [{ name: "titleTest" }];

/** The one result an endpoint's answer to one runner comes to. */
function single(raw: unknown) {
  return readAnswer(parsed(JSON.stringify({ results: [raw] })), ONE).results?.[0];
}

const line = (index: number) => ({ at: "2026-01-01T00:00:00Z", message: `line ${index}` });

describe("a result read by readAnswer", () => {
  test("keeps every field the wire protocol knows and none it does not", () => {
    const logs = [{ at: "2026-01-01T00:00:00Z", message: "hi", meta: { a: 1 }, level: "x" }];
    const fields = { details: { visible: true }, errorMessage: "boom", durationMs: 812, logs };
    expect(single({ name: "titleTest", status: "error", ...fields, secret: 1 })).toEqual({
      name: "titleTest",
      status: "error",
      details: { visible: true },
      errorMessage: "boom",
      errorSource: "runner",
      durationMs: 812,
      logs: [{ at: "2026-01-01T00:00:00.000Z", message: "hi", meta: { a: 1 } }],
    });
  });

  test.each<[string, unknown, string]>([
    ["null", null, "a result that is not an object"],
    ["a string", "pass", "a result that is not an object"],
    ["an array", [{ status: "pass" }], "a result that is not an object"],
    ["no status", { name: "titleTest" }, "a result whose status is undefined"],
    ["a status of another case", { status: "PASS" }, 'a result whose status is "PASS"'],
    ["a status that is no text", { status: true }, "a result whose status is boolean"],
    [
      "a huge status",
      { status: "x".repeat(9_999) },
      `a result whose status is "${"x".repeat(63)}…"`,
    ],
    [
      "an inherited status",
      { ["__proto__"]: { status: "pass" } },
      "a result whose status is undefined",
    ],
  ])("turns a result that is %s into an error", (_what, raw, said) => {
    const body = `{"results":[${JSON.stringify(raw)}]}`;
    expect(readAnswer(parsed(body), ONE)).toEqual({
      state: "completed",
      results: [
        {
          name: "titleTest",
          status: "error",
          errorMessage: `The endpoint answered ${said}.`,
          errorCode: "invalid_result",
          errorSource: "transport",
        },
      ],
    });
  });

  test.each<[string, unknown]>([
    ["name", 7],
    ["name", ""],
    ["name", null],
    ["name", { toString: "x" }],
    ["details", null],
    ["errorMessage", { message: "boom" }],
    ["errorMessage", ""],
    ["errorMessage", null],
    ["durationMs", "812"],
    ["durationMs", -1],
    ["durationMs", 1e300],
    ["durationMs", null],
    ["logs", "line"],
    ["logs", []],
    ["logs", { 0: "line", length: 1 }],
    ["logs", null],
  ])("leaves out %s when it is %j", (field, value) => {
    expect(single({ status: "fail", [field]: value })).toEqual({
      name: "titleTest",
      status: "fail",
    });
  });

  test("rounds durations to whole milliseconds", () => {
    expect(single({ status: "pass", durationMs: 811.6 })).toMatchObject({ durationMs: 812 });
  });

  test.each<[unknown, string]>([
    ["target", "target"],
    ["timeout", "timeout"],
    ["runner", "runner"],
    ["orchestrator", "runner"],
    ["transport", "runner"],
    ["cancelled", "runner"],
    [7, "runner"],
    [undefined, "runner"],
  ])("takes an endpoint's errorSource %p as %p", (given, taken) => {
    expect(single({ status: "error", errorSource: given })).toEqual({
      name: "titleTest",
      status: "error",
      errorSource: taken as never,
    });
  });

  test("keeps no errorSource of a verdict", () => {
    expect(single({ status: "fail", errorSource: "target" })).not.toHaveProperty("errorSource");
  });

  test.each([
    ["error", undefined],
    ["pass", "unknown"],
  ])('reads the name "unknown" of a result %p as %p', (status, reportedName) => {
    expect(single({ name: "unknown", status })?.reportedName).toBe(reportedName as never);
  });

  test("keeps the last 50 log lines and leaves out what is no line", () => {
    const odd = [
      null,
      "x",
      { message: "no time" },
      { at: "soon", message: "x" },
      { at: 1, message: "x" },
      { at: "2026-01-01" },
    ];
    const logs = [...odd, ...Array.from({ length: 120 }, (_, index) => line(index))];
    const kept = single({ status: "pass", logs })?.logs?.map(({ message }) => message);
    expect(kept).toEqual(Array.from({ length: 50 }, (_, index) => `line ${index + 70}`));
    expect(single({ status: "pass", logs: [...odd, line(1)] })?.logs).toHaveLength(1);
  });

  test("leaves out logs of which no line is one", () => {
    expect(single({ status: "pass", logs: [null, {}] })).not.toHaveProperty("logs");
  });

  test("cuts huge texts, never within a surrogate pair", () => {
    const huge = "\u{1f600}".repeat(500_000);
    const logs = [{ at: "2026-01-01T00:00:00Z", message: huge }];
    const result = single({ status: "error", name: huge, errorMessage: huge, logs });
    const texts = [result?.reportedName, result?.errorMessage, result?.logs?.[0]?.message];
    for (const text of texts) {
      expect(text?.endsWith("…")).toBeTrue();
      expect(text?.isWellFormed()).toBeTrue();
    }
    expect(texts.map((text) => text?.length)).toEqual([128, 8192, 8192]);
  });

  test("drops keys that reach a prototype, at any depth", () => {
    const body = `{"results":[{"status":"pass","details":{"a":1,"__proto__":{"isAdmin":true},
      "b":[{"constructor":{"prototype":{}},"prototype":1,"c":2}]}}]}`;
    const details = readAnswer(parsed(body), ONE).results?.[0]?.details;
    expect(JSON.stringify(details)).toBe('{"a":1,"b":[{"c":2}]}');
    expect(details).not.toHaveProperty("isAdmin");
    expect({}).not.toHaveProperty("isAdmin");
  });

  test("replaces what a database refuses: U+0000 and lone surrogates", () => {
    const odd = "a\0b\ud800c";
    const logs = [{ at: "2026-01-01T00:00:00Z", message: odd, meta: odd }];
    const details = { [odd]: [odd] };
    const result = single({ status: "error", name: odd, errorMessage: odd, details, logs });
    const good = "a\ufffdb\ufffdc";
    expect(result).toEqual({
      name: "titleTest",
      reportedName: good,
      status: "error",
      details: { [good]: [good] },
      errorMessage: good,
      errorSource: "runner",
      logs: [{ at: "2026-01-01T00:00:00.000Z", message: good, meta: good }],
    });
  });

  test("answers results of the API's shape for every one of 2 000 random answers", () => {
    const odd = [
      null,
      true,
      -1,
      1.5,
      1e300,
      "",
      "pass",
      "error",
      "unknown",
      "\0",
      [],
      {},
      [[]],
      { at: "2026", message: "m" },
    ];
    const fields = [
      "name",
      "status",
      "details",
      "errorMessage",
      "errorSource",
      "durationMs",
      "logs",
    ];
    for (let seed = 1; seed <= 2_000; seed++) {
      let state = seed;
      const pick = <Item>(items: readonly Item[]): Item => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return items[(state >>> 8) % items.length] as Item;
      };
      const raw = Object.fromEntries(fields.map((field) => [field, pick(odd)]));
      const result = single({ ...raw, status: pick(["pass", "fail", "error", raw["status"]]) });
      expect([seed, ...Value.Errors(Result, result)].slice(0, 2)).toEqual([seed]);
    }
  });
});
