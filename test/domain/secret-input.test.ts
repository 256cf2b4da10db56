import { describe, expect, test } from "bun:test";

import type { RequestedRunner } from "../../src/domain/job.ts";
import type { RunnerRequest, RunRequest } from "../../src/domain/run.ts";
import { openSecrets, redactorWith, sealSecrets } from "../../src/domain/secret-input.ts";
import { Redactor } from "../../src/lib/redactor.ts";

const redactor = new Redactor({ keys: ["password", "token", "url"] });
const isSecretKey = (name: string) => redactor.isSecretKey(name);
const seal = (text: string) => `sealed ${Buffer.from(text).toString("hex")}`;
const open = (sealed: string) => Buffer.from(sealed.slice(7), "hex").toString();
const url = "https://example.com";

const request = (...inputs: readonly object[]): RunRequest => ({
  mode: "remote",
  runners: inputs.map((input) => ({ name: "login", input: { url, ...input } }) as RunnerRequest),
});
const sealed = (given: RunRequest) => sealSecrets(given, isSecretKey, seal);

describe("sealSecrets", () => {
  test("seals each secret where it stands, and opens it again", () => {
    const given = request(
      { user: "me", password: "hunter2" },
      { deep: [{ Token: { a: ["x", 1] } }], password: 1234, other: [1, null, "a"] },
      {},
    );
    const kept = sealed(given);
    expect(JSON.stringify(kept)).not.toMatch(/hunter2|1234|"a":/);
    const password: unknown = { $sealed: expect.stringContaining("sealed ") };
    const expected: unknown = { url, user: "me", password };
    expect<unknown>(kept.runners[0]?.input).toEqual(expected);
    expect(kept.runners[2]).toBe(given.runners[2]!);
    const opened = openSecrets(kept.runners as RequestedRunner[], open);
    expect(opened?.runners).toEqual(given.runners);
    expect(opened?.secrets.toSorted()).toEqual(["1", "1234", "hunter2", "x"]);
  });

  test("leaves alone what holds no secret", () => {
    const given = request({ user: "me", password: true }, { password: null, token: "" });
    expect(sealed(given)).toBe(given);
    expect(openSecrets(given.runners as RequestedRunner[], open)).toEqual({
      runners: given.runners,
      secrets: [],
    });
  });

  test.each([
    { $sealed: "sealed 00" },
    { password: { $sealed: "sealed 00" } },
    { deep: [[{ $sealed: 1, more: 2 }]] },
  ])("refuses the pretence %j", (input) => {
    expect(() => sealed(request({}, input))).toThrow("The request is not valid.");
  });
});

describe("openSecrets", () => {
  test("opens nothing if something does not open", () => {
    const kept = sealed(request({ password: "hunter2" }));
    expect(openSecrets(kept.runners as RequestedRunner[], () => undefined)).toBeUndefined();
  });
});

describe("redactorWith", () => {
  test("knows what stands under secret names", () => {
    const { runners } = request({ password: "hunter2-and-more", user: "somebody" });
    const more = redactorWith(redactor, runners as RequestedRunner[]);
    expect(more.text("somebody: hunter2-and-more")).toBe("somebody: [redacted]");
  });
});
