import { describe, expect, test } from "bun:test";

import { present } from "../../src/lib/present.ts";

describe("present", () => {
  test("drops undefined and null and nothing else", () => {
    const shape = { a: undefined, b: null, c: 0, d: "", e: false, f: NaN, g: [], h: {} };
    expect(Object.entries(present(shape))).toEqual([
      ["c", 0],
      ["d", ""],
      ["e", false],
      ["f", NaN],
      ["g", []],
      ["h", {}],
    ]);
  });

  test("leaves the given object alone", () => {
    const shape = { a: undefined, b: 1 };
    present(shape);
    expect(Object.keys(shape)).toEqual(["a", "b"]);
  });
});
