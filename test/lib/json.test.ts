import { describe, expect, test } from "bun:test";

import {
  cleanJson,
  cleanText,
  type JsonFault,
  jsonFault,
  MAX_JSON_DEPTH,
  nestsTooDeep,
} from "../../src/lib/json.ts";

const arrays = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));
const objects = (depth: number): unknown =>
  JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
const TOO_DEEP = `Nests deeper than ${MAX_JSON_DEPTH} levels.`;
const NUL = "Contains the character U+0000.";
const LONE = "Contains half of a surrogate pair.";
const LARGE = "Contains a string larger than 64 KiB.";
const NUMBER = "This number cannot be kept exactly; send it as a string.";

describe("jsonFault", () => {
  test.each([
    "null",
    "true",
    '""',
    "0",
    "-0",
    "-1.5",
    "0.1",
    "1e15",
    "9007199254740991",
    "-9007199254740991",
    "[]",
    "{}",
    '[null, "a", {"b": [1, 2.5]}]',
    '{"": 1, "toString": 2, "proto": 3, "hasOwnProperty": 4}',
    '"\\ud83d\\ude00 \\u0001 é"',
  ])("finds nothing wrong with %s", (text) => {
    expect(jsonFault(JSON.parse(text))).toBeUndefined();
    expect(jsonFault(JSON.parse(text), text)).toBeUndefined();
  });

  test.each<[string, string, string]>([
    ['"a\\u0000b"', "", NUL],
    ['{"a": ["ok", "\\u0000"]}', "/a/1", NUL],
    ['{"a\\u0000": 1}', "/a\0", NUL],
    ['"\\ud83d"', "", LONE],
    ['"\\ude00\\ud83d"', "", LONE],
    ['{"x": {"\\udc00": 1}}', "/x/\udc00", LONE],
    ["9007199254740992", "", NUMBER],
    ["[1, -9007199254740993]", "/1", NUMBER],
    ['{"n": 1e400}', "/n", NUMBER],
    ['{"n": 12345678901234567890.0}', "/n", NUMBER],
    ['{"__proto__": 1}', "/__proto__", 'The key "__proto__" is not allowed.'],
    ['{"__proto__": {"a": 1}}', "/__proto__", 'The key "__proto__" is not allowed.'],
    ['{"constructor": {}}', "/constructor", 'The key "constructor" is not allowed.'],
    ['[[{"a": {"prototype": null}}]]', "/0/0/a/prototype", 'The key "prototype" is not allowed.'],
    ['{"a/b": {"c~d": ["\\u0000"]}}', "/a~1b/c~0d/0", NUL],
    ['{"~1": "\\u0000"}', "/~01", NUL],
    ['{"": {"": "\\u0000"}}', "//", NUL],
  ])("finds the fault of %s, with the text and without", (text, path, message) => {
    expect(jsonFault(JSON.parse(text), text)).toEqual({ path, message } satisfies JsonFault);
    expect(jsonFault(JSON.parse(text))).toEqual({ path, message } satisfies JsonFault);
  });

  test.each([
    ["arrays", arrays, "/0"],
    ["objects", objects, "/a"],
  ])("allows %s to nest to the limit and no deeper", (_, nest, step) => {
    expect(jsonFault(nest(MAX_JSON_DEPTH))).toBeUndefined();
    expect(jsonFault(nest(MAX_JSON_DEPTH + 1))).toEqual({
      path: step.repeat(MAX_JSON_DEPTH),
      message: TOO_DEEP,
    });
  });

  test("allows strings of 64 KiB and no larger, in bytes, keys included", () => {
    for (const [character, most] of [
      ["x", 65_536],
      ["\u00e9", 32_768],
      ["\u20ac", 21_845],
      ["\u{1f511}", 16_384],
    ] as const) {
      const largest = character.repeat(most);
      expect(jsonFault({ a: [largest], [largest]: 1 })).toBeUndefined();
      expect(jsonFault({ a: [`${largest}${character}`] })).toEqual({
        path: "/a/0",
        message: LARGE,
      });
      // The path names where, without repeating it.
      expect(jsonFault({ a: { [`${largest}${character}`]: 1 } })).toEqual({
        path: "/a",
        message: LARGE,
      });
    }
  });

  test("survives a value nested 200 000 deep", () => {
    expect(jsonFault(arrays(200_000))?.message).toBe(TOO_DEEP);
    expect(jsonFault(objects(200_000))?.message).toBe(TOO_DEEP);
  });

  test("reads a wide value whole", () => {
    const wide = Array.from({ length: 100_000 }, (_, index) => ({ index, text: "x" }));
    expect(jsonFault(wide)).toBeUndefined();
    wide[99_999]!.text = "\0";
    expect(jsonFault(wide)).toEqual({ path: "/99999/text", message: NUL });
    wide[99_999]!.text = "x";
    wide[0]!.text = "\0";
    expect(jsonFault(wide)).toEqual({ path: "/0/text", message: NUL });
  });
});

describe("nestsTooDeep", () => {
  test.each([
    ["arrays", arrays],
    ["objects", objects],
  ])("draws the line for %s where jsonFault does", (_, nest) => {
    expect(nestsTooDeep(nest(MAX_JSON_DEPTH))).toBe(false);
    expect(nestsTooDeep(nest(MAX_JSON_DEPTH + 1))).toBe(true);
  });

  test.each([[null], [undefined], [1], ["text"], [true], [[]], [{}]])(
    "is false for %p",
    (value) => {
      expect(nestsTooDeep(value)).toBe(false);
    },
  );

  test("allows strings of 64 KiB and no larger, in bytes, keys included", () => {
    for (const [character, most] of [
      ["x", 65_536],
      ["\u00e9", 32_768],
      ["\u20ac", 21_845],
      ["\u{1f511}", 16_384],
    ] as const) {
      const largest = character.repeat(most);
      expect(jsonFault({ a: [largest], [largest]: 1 })).toBeUndefined();
      expect(jsonFault({ a: [`${largest}${character}`] })).toEqual({
        path: "/a/0",
        message: LARGE,
      });
      // The path names where, without repeating it.
      expect(jsonFault({ a: { [`${largest}${character}`]: 1 } })).toEqual({
        path: "/a",
        message: LARGE,
      });
    }
  });

  test("survives a value nested 200 000 deep", () => {
    expect(nestsTooDeep(arrays(200_000))).toBe(true);
    expect(nestsTooDeep(objects(200_000))).toBe(true);
  });

  test("finds the one deep branch among wide ones", () => {
    expect(nestsTooDeep([[1], [2], { deep: arrays(MAX_JSON_DEPTH + 1) }, {}])).toBe(true);
    expect(nestsTooDeep(Array.from({ length: 10_000 }, () => [[], {}]))).toBe(false);
  });
});

describe("cleanJson", () => {
  test("replaces what a store refuses, in values and in keys", () => {
    const dirty = JSON.parse('{"a\\u0000": ["\\ud83d", {"k\\udc00": "x\\u0000y"}], "n": 1.5}');
    expect(cleanJson(dirty)).toEqual({
      "a\ufffd": ["\ufffd", { "k\ufffd": "x\ufffdy" }],
      n: 1.5,
    });
  });

  test("drops forbidden keys at any depth, and nothing else", () => {
    const dirty = JSON.parse(
      '{"__proto__": {"polluted": 1}, "a": [{"constructor": 1, "prototype": 2, "b": null}]}',
    );
    const clean = cleanJson(dirty) as Record<string, unknown>;
    expect(clean).toEqual({ a: [{ b: null }] });
    expect(Object.getPrototypeOf(clean)).toBe(Object.prototype);
    expect("polluted" in clean).toBe(false);
  });

  test.each<[unknown]>([[null], [true], [0], [-1.5], [""], ["\ud83d\ude00"], [[]], [{}]])(
    "keeps %p as it is",
    (value) => {
      expect(cleanJson(value)).toEqual(value);
    },
  );

  test("leaves only what jsonFault accepts", () => {
    const dirty = JSON.parse(
      '[{"__proto__": "\\u0000", "\\ud800": {"constructor": []}}, "\\udfff"]',
    );
    expect(jsonFault(dirty)).toBeDefined();
    expect(jsonFault(cleanJson(dirty))).toBeUndefined();
  });
});

describe("cleanText", () => {
  test("replaces NUL and lone surrogates, and keeps pairs", () => {
    expect(cleanText("a\0b\ud83dc\ud83d\ude00")).toBe("a\ufffdb\ufffdc\ud83d\ude00");
  });
});
