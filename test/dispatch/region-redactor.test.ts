/** An endpoint's token is taken out of what it answers, however its JSON spells it. */
import { describe, expect, test } from "bun:test";

import { parseBody } from "../../src/dispatch/answer.ts";
import { regionRedactor } from "../../src/dispatch/region-redactor.ts";

const token = 'se/cret+"token"=';

const withoutToken = (body: string, region: { token?: string }): string =>
  regionRedactor(region, []).json(body);

const parsed = (body: string): unknown => parseBody(body, regionRedactor({ token }, []));

describe("regionRedactor", () => {
  test.each<[string, string]>([
    ["as it is", JSON.stringify({ said: `Bearer ${token}!` })],
    ["with slashes escaped, as PHP does", `{"said":"Bearer se\\/cret+\\"token\\"=!"}`],
    ["with codes, as .NET does", `{"said":"Bearer se/cret\\u002B\\u0022token\\u0022=!"}`],
    ["with codes throughout", `{"said":"Bearer ${codes(token)}!"}`],
  ])("takes out a token that is written %s", (_how, body) => {
    expect((JSON.parse(body) as { said: string }).said).toBe(`Bearer ${token}!`);
    expect(withoutToken(body, { token })).toBe('{"said":"Bearer [redacted]!"}');
    expect(parsed(body)).toEqual({ value: { said: "Bearer [redacted]!" } });
  });

  test("takes it out of keys, and each time that it comes", () => {
    const body = JSON.stringify({ [token]: [token, { deep: `${token}${token}` }] });
    expect(withoutToken(body, { token })).toBe(
      '{"[redacted]":["[redacted]",{"deep":"[redacted][redacted]"}]}',
    );
    const deep = [{ "[redacted]": ["[redacted]", { deep: "[redacted][redacted]" }] }];
    expect(parsed(`{"json":{"deep":[${body}]}}`)).toEqual({ value: { deep } });
  });

  test("leaves everything else as it came", () => {
    for (const body of ["", "<p>\\u0041</p>", '{"a":"\\u0041\\/b"', '{"a": 1.50, "b":"\\n"}']) {
      expect(withoutToken(body, {})).toBe(body);
      expect(withoutToken(body, { token: "short" })).toBe(body);
    }
    const odd = '{"a":"\\u0041\\/b\\n","n":1}';
    expect(JSON.parse(withoutToken(odd, { token }))).toEqual(JSON.parse(odd));
    const deep = `${"[".repeat(100_000)}"\\/"${"]".repeat(100_000)}`;
    expect(withoutToken(deep, { token })).toBe(deep);
  });
});

function codes(text: string): string {
  return Array.from(text, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join(
    "",
  );
}
