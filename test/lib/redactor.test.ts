import { describe, expect, test } from "bun:test";

import { Redactor } from "../../src/lib/redactor.ts";
import { REDACTED } from "../../src/lib/secrets.ts";

const SECRET = 'se/cret "quoted" ü&=';
const known = new Redactor({ keys: ["password", "api_key"], values: [SECRET, "short", ""] });

describe("Redactor.text", () => {
  test.each([
    ["as it is", SECRET],
    ["as in JSON", JSON.stringify(SECRET).slice(1, -1)],
    ["as in JSON of PHP", JSON.stringify(SECRET).slice(1, -1).replaceAll("/", "\\/")],
    ["as in a URL", encodeURIComponent(SECRET)],
  ])("hides a value that is written %s", (_how, written) => {
    expect(known.text(`a ${written}${written} b`)).toBe(`a ${REDACTED}${REDACTED} b`);
  });

  test("hides the longer of two values that begin alike", () => {
    const two = new Redactor({ keys: [], values: ["abcdef", "abcdefghi"] });
    expect(two.text("abcdefghi abcdef")).toBe(`${REDACTED} ${REDACTED}`);
  });

  test("hides the beginning of a value where a text was clipped", () => {
    expect(known.text(`token ${SECRET.slice(0, 8)}…`)).toBe(`token ${REDACTED}…`);
    expect(known.text(`token ${SECRET.slice(0, 3)}…`)).toBe(`token ${SECRET.slice(0, 3)}…`);
    expect(known.text(`token ${SECRET.slice(0, 8)}`)).toBe(`token ${SECRET.slice(0, 8)}`);
  });

  test("hides a value whose spaces somebody has merged", () => {
    const spaced = new Redactor({ keys: [], values: ["correct  horse\nbattery"] });
    expect(spaced.text("said correct horse battery.")).toBe(`said ${REDACTED}.`);
  });

  test("leaves values alone that are too short to be secrets", () => {
    expect(known.text("a short text")).toBe("a short text");
  });
});

describe("Redactor.value", () => {
  test("hides what stands under a secret name, however it is written and at any depth", () => {
    const value = {
      password: "x",
      PassWord: ["y"],
      "api-key": { deep: 1 },
      list: [{ apiKey: 7, passwords: "kept", "X-Api-Key": "z", api_keys: "kept" }],
    };
    expect(known.value(value)).toEqual({
      password: REDACTED,
      PassWord: REDACTED,
      "api-key": REDACTED,
      list: [{ apiKey: REDACTED, passwords: "kept", "X-Api-Key": REDACTED, api_keys: "kept" }],
    });
  });

  test("keeps flags and nothings under a secret name", () => {
    const value = { password: true, api_key: null, nested: { password: "" } };
    expect(known.value(value)).toBe(value);
  });

  test("hides known values in texts and in names", () => {
    expect(known.value({ [`is ${SECRET}`]: [SECRET, 1, null] })).toEqual({
      [`is ${REDACTED}`]: [REDACTED, 1, null],
    });
  });

  test("gives back the same object if there is nothing to hide", () => {
    const value = { a: [1, { b: "c" }], d: null };
    expect(known.value(value)).toBe(value);
  });

  test("keeps a name that would reach a prototype a mere name", () => {
    const value: unknown = JSON.parse(`{"__proto__":{"password":"x"},"password":"x"}`);
    const clean = known.value(value) as object;
    expect(JSON.stringify(clean)).toBe(
      `{"__proto__":{"password":"${REDACTED}"},"password":"${REDACTED}"}`,
    );
    expect(Object.getPrototypeOf(clean)).toBe(Object.prototype);
  });
});

describe("Redactor.json", () => {
  test.each([
    ['{"password":"x"}'],
    ['{"pass_word" \n :"x"}'],
    ['{"PASSWORD":"x"}'],
    ['{"p\\u0061ssword":"x"}'],
    ['[{"a":{"Api-Key":["x"]}}]'],
    ['{"newPassword" : "x"}'],
    ['{"a\\"b":1,"password":"x"}'],
    ['{"":1,"x-api_key":{"a":"x"}}'],
  ])("hides by name in %s", (json) => {
    expect(known.json(json)).toContain(`"${REDACTED}"`);
    expect(known.json(json)).not.toContain('"x"');
  });

  test("leaves text with nothing to hide as it came", () => {
    for (const json of ['{ "a": 1.50 }', "password: x", '{"passwords":"x"}', "not JSON"]) {
      expect(known.json(json)).toBe(json);
    }
    expect(new Redactor({ keys: [] }).json('{"password":"\\u0078"}')).toBe(
      '{"password":"\\u0078"}',
    );
  });
});

describe("Redactor.with", () => {
  test("knows more, and the first one does not", () => {
    const more = known.with(["another secret"]);
    expect(more.text(`another secret, ${SECRET}`)).toBe(`${REDACTED}, ${REDACTED}`);
    expect(known.text("another secret")).toBe("another secret");
    expect(known.with([])).toBe(known);
  });
});
