import { describe, expect, test } from "bun:test";

import { repeatedKeys } from "../../src/lib/repeated-keys.ts";

describe("repeatedKeys", () => {
  test.each<[string, unknown]>([
    ["{}", []],
    ["[1, 2, 2]", []],
    [`{"a": 1, "b": {"a": 1}}`, []],
    [`[{"a": 1}, {"a": 1}]`, []],
    [`{"a": "a", "b": "a"}`, []],
    [`{"a": "\\"a\\": ", "b": "{\\"b\\":1"}`, []],
    [`{"a": 1, "a": 2}`, [{ path: ["a"], times: 2 }]],
    [`{"a" : 1,\n"\\u0061"\t: 2, "a": {}}`, [{ path: ["a"], times: 3 }]],
    [`{"x": {"a": [{"b": 1, "b": 2}]}}`, [{ path: ["x", "a", "b"], times: 2 }]],
    [
      `{"a": {"c": 1, "c": 1}, "a": {}}`,
      [
        { path: ["a", "c"], times: 2 },
        { path: ["a"], times: 2 },
      ],
    ],
    [`{"__proto__": 1, "__proto__": 2}`, [{ path: ["__proto__"], times: 2 }]],
  ])("%s: %j", (json, found) => {
    JSON.parse(json);
    expect(repeatedKeys(json)).toEqual(found as never);
  });
});
