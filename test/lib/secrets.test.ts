import { expect, test } from "bun:test";

import { REDACTED, withoutSecrets } from "../../src/lib/secrets.ts";

test("leaves out what fields hold whose names tell of a secret", () => {
  const value = {
    url: "https://example.com",
    user: { name: "a", password: "hunter2", apiKey: ["hunter2"], clientSecret: { a: "hunter2" } },
    steps: [{ authToken: "hunter2" }, { "Set-Cookie": "hunter2" }, { pin: 1234 }],
    rememberPassword: true,
    cookieBanner: "#banner",
    token: null,
  };
  const shown = withoutSecrets(value);
  expect(JSON.stringify(shown)).not.toMatch(/hunter2|1234/);
  expect(shown).toEqual({
    url: "https://example.com",
    user: { name: "a", password: REDACTED, apiKey: REDACTED, clientSecret: REDACTED },
    steps: [{ authToken: REDACTED }, { "Set-Cookie": REDACTED }, { pin: REDACTED }],
    rememberPassword: true,
    cookieBanner: "#banner",
    token: null,
  });
});
