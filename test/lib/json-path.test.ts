import { describe, expect, test } from "bun:test";

import { EVERY, parseJsonPath, pathBelow, withoutPaths } from "../../src/lib/json-path.ts";

const parsed = (text: string) => {
  const result = parseJsonPath(text);
  if ("fault" in result) throw new Error(`${text}: ${result.fault}`);
  return result.path;
};

describe("parseJsonPath", () => {
  test.each<[string, readonly unknown[]]>([
    ["details", ["details"]],
    ["$.*.at", [EVERY, "at"]],
    ["$.details", ["details"]],
    ['$["details"]', ["details"]],
    ["details.timestamp", ["details", "timestamp"]],
    ["details.items[*].id", ["details", "items", EVERY, "id"]],
    ["details.*.id", ["details", EVERY, "id"]],
    ["details.items[0][12]", ["details", "items", 0, 12]],
    ['details["a.b"].c', ["details", "a.b", "c"]],
    [`details['a "b"']`, ["details", 'a "b"']],
    [String.raw`details["\"\u00e9"]`, ["details", '"é']],
    ["details.x-request-id", ["details", "x-request-id"]],
    ["details.größe", ["details", "größe"]],
  ])("reads %s", (text, path) => {
    expect(parsed(text)).toEqual(path as never);
  });

  test.each([
    "",
    ".",
    "$",
    "$.",
    "details.",
    "details..id",
    "details[",
    "details[]",
    "details[-1]",
    "details[1:2]",
    "details[?(@.a)]",
    "details.items[*]id",
    "details items",
    'details["a]',
    String.raw`details["\x"]`,
    "details.0",
    "details[99999999999]",
  ])("refuses %p in a sentence", (text) => {
    expect(parseJsonPath(text)).toEqual({ fault: expect.stringMatching(/^[A-Z].*\.$/) });
  });

  test("reads what pathBelow writes", () => {
    for (const key of ["a", "a b", "0", "", '"', "a.b", "é", "a-b", "[", "*", 0, 7]) {
      expect(parsed(pathBelow("details", key))).toEqual(["details", key]);
    }
  });
});

describe("withoutPaths", () => {
  const value = { at: 1, items: [{ id: 1, name: "a" }, { id: 2 }], deep: { at: 2, "a.b": [1, 2] } };
  test.each<[string[], unknown]>([
    [[], value],
    [["nothing", "items.id", "at.x", "items[9]"], value],
    [["at"], { items: value.items, deep: value.deep }],
    [["items[*].id", "deep"], { at: 1, items: [{ name: "a" }, {}] }],
    [["$.*.at"], { ...value, deep: { "a.b": [1, 2] } }],
    [["items[0]"], { ...value, items: [undefined, { id: 2 }] }],
    [['deep["a.b"][1]'], { ...value, deep: { at: 2, "a.b": [1, undefined] } }],
  ])("leaves out %p", (paths, rest) => {
    const before = JSON.stringify(value);
    expect(withoutPaths(value, paths.map(parsed))).toEqual(rest);
    expect(JSON.stringify(value)).toBe(before);
  });

  test.each([[1], ["text"], [null], [undefined]])("leaves %p as it is", (scalar) => {
    expect(withoutPaths(scalar, [parsed("a")])).toBe(scalar as never);
  });
});
