import { expect, test } from "bun:test";

import { REDACTED, SEALED, withoutSealed } from "../../src/lib/secrets.ts";

test("leaves out what was sealed, wherever it stands, and nothing else", () => {
  const sealed = { [SEALED]: "v1.c2VhbGVk" };
  const value = {
    password: sealed,
    user: { name: "a", keys: [sealed, { token: sealed }] },
    tokens: 512,
    none: null,
  };
  expect(withoutSealed(value)).toEqual({
    password: REDACTED,
    user: { name: "a", keys: [REDACTED, { token: REDACTED }] },
    tokens: 512,
    none: null,
  });
});
