import { describe, expect, test } from "bun:test";

import { Causes, normalisedError } from "../../../src/orchestrator/comparison/causes.ts";
import { regionsInShort } from "../../../src/orchestrator/comparison/region-names.ts";

describe("normalisedError", () => {
  test.each([
    [
      "page.goto: net::ERR_CERT_DATE_INVALID at https://shop.example/a?b=1",
      "page.goto: net::ERR_CERT_DATE_INVALID at <url>",
    ],
    ["Timeout 30000ms exceeded.", "Timeout <n>ms exceeded."],
    ['There is no runner named "a b".', "There is no runner named <value>."],
    [
      "Expected 'x' but the page doesn't say it isn't",
      "Expected <value> but the page doesn't say it isn't",
    ],
    ["at 2026-01-02T03:04:05.678Z: boom", "at <time>: boom"],
    ["at 03:04:05: boom", "at <time>: boom"],
    ["run_01a20289-ef39-763d-af90-e7934298e215 is gone", "<id> is gone"],
    ["commit deadbeef1 of facade and 0xff", "commit <id> of facade and <id>"],
    ["line\n  two\t3", "line two <n>"],
    ["status 502 of 3.5 KB, -1", "status <n> of <n> KB, <n>"],
    ["ES2015 and utf8 stay", "ES2015 and utf8 stay"],
  ])("%p becomes %p", (message, text) => {
    expect(normalisedError(message)).toBe(text);
  });

  test("is bounded, whatever the text", () => {
    for (const piece of ['"', "'", "a", "1", "://", "-", "0-", "\u001b["]) {
      expect(normalisedError(piece.repeat(100_000)).length).toBeLessThanOrEqual(300);
    }
  });
});

describe("regionsInShort", () => {
  const known = new Set(["eu-1", "eu-2", "us-1", "us-2", "ap-1", "sa"]);
  test.each<[string[], string]>([
    [["eu-1"], "eu-1"],
    [["eu-2", "eu-1"], "all eu-*"],
    [["eu-1", "us-2", "us-1"], "eu-1, all us-*"],
    [["ap-1", "sa"], "ap-1, sa"],
    [[...known], "all regions"],
  ])("%j: %s", (regions, text) => {
    expect(regionsInShort(new Set(regions), known)).toBe(text);
  });

  test("names the only region there is", () => {
    expect(regionsInShort(new Set(["eu-1"]), new Set(["eu-1"]))).toBe("eu-1");
  });
});

describe("Causes", () => {
  const known = new Set(["eu-1", "eu-2", "us-1"]);

  test("nine red cells of one kind are one cause", () => {
    const causes = new Causes();
    for (let cell = 0; cell < 9; cell++) {
      causes.add({
        region: cell % 2 ? "eu-1" : "eu-2",
        runner: `r${cell}`,
        status: "error",
        errorMessage: `page.goto: net::ERR_CERT_DATE_INVALID at https://a.example/${cell}`,
        errorSource: "target",
      });
    }
    expect(causes.list(known)).toEqual([
      {
        cause: "ERR_CERT_DATE_INVALID",
        example: "page.goto: net::ERR_CERT_DATE_INVALID at https://a.example/0",
        errorSource: "target",
        cells: 9,
        regions: ["eu-1", "eu-2"],
        where: "all eu-*",
      },
    ]);
  });

  test("the same words from somebody else are another cause", () => {
    const causes = new Causes();
    for (const errorSource of ["runner", "transport", "runner"] as const) {
      causes.add({ region: "eu-1", runner: "r", status: "error", errorMessage: "x", errorSource });
    }
    expect(causes.list(known).map(({ cells, errorSource }) => [errorSource, cells])).toEqual([
      ["runner", 2],
      ["transport", 1],
    ]);
  });

  test("says of cells without an error what they answered", () => {
    const causes = new Causes();
    for (const runner of ["b", "a", "b"]) causes.add({ region: "eu-1", runner, status: "fail" });
    causes.add({ region: "us-1", runner: "c", status: "pass" });
    expect(causes.list(known).map(({ cause }) => cause)).toEqual([
      "b answered fail",
      "a answered fail",
      "c passed, which was not expected",
    ]);
  });

  test("keeps a bounded number of causes and counts all cells", () => {
    const causes = new Causes();
    for (let cell = 0; cell < 5_000; cell++) {
      causes.add({ region: "eu-1", runner: `r${cell}`, status: "fail" });
    }
    const listed = causes.list(known);
    expect(listed.length).toBeLessThan(300);
    expect(listed.reduce((sum, { cells }) => sum + cells, 0)).toBe(5_000);
    expect(listed[0]?.cause).toBe("other causes");
  });
});
