import { describe, expect, test } from "bun:test";

import { canonicalJson } from "../../src/lib/canonical-json.ts";

describe("canonicalJson", () => {
  test("does not depend on the order of keys", () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  });

  test.each([
    [1, "1"],
    ["1", '"1"'],
    [[1, 2], "[1,2]"],
    [{ a: undefined }, "{}"],
    [[undefined], "[null]"],
    [undefined, "null"],
  ])("writes %p as %s", (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test.each([
    [1, "1"],
    [[], {}],
    [
      [1, [2]],
      [[1], 2],
    ],
    [{ a: { b: 1 } }, { "a.b": 1 }],
    [null, 0],
  ])("tells %p from %p", (a, b) => {
    expect(canonicalJson(a)).not.toBe(canonicalJson(b));
  });
});
