import { describe, expect, test } from "bun:test";

import {
  claimedSignature,
  isSigned,
  parseSigningKeys,
  signatureHeaders,
} from "../../src/lib/signature.ts";

/** The example that libraries of Standard Webhooks are tested with. */
const EXAMPLE = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  seconds: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const keysOf = (text: string) => parseSigningKeys(text) ?? [];
const other = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;

describe("signatureHeaders", () => {
  test("signs as the specification's example", () => {
    const { body, id, secret, seconds, signature } = EXAMPLE;
    expect(signatureHeaders(keysOf(secret), { id, now: seconds * 1_000 + 999, body })).toEqual({
      "webhook-id": id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": signature,
    });
  });

  test("signs with every key, and any of them is enough to check it", () => {
    const { id, secret } = EXAMPLE;
    const body = "grüße\n";
    const keys = keysOf(`${secret} ${other}`);
    const headers = new Headers(signatureHeaders(keys, { id, now: 0, body }));
    expect(headers.get("webhook-signature")).toMatch(/^v1,\S+ v1,\S+$/);
    const claimed = claimedSignature(headers)!;
    for (const text of [secret, other, `${other} ${secret}`]) {
      expect(isSigned(keysOf(text), claimed, Buffer.from(body))).toBeTrue();
    }
    expect(isSigned(keysOf(secret), claimed, Buffer.from(`${body} `))).toBeFalse();
    expect(isSigned(keysOf(secret), { ...claimed, id: "msg_2" }, Buffer.from(body))).toBeFalse();
    expect(isSigned(keysOf(secret), { ...claimed, timestamp: "1" }, Buffer.from(body))).toBeFalse();
  });
});

describe("parseSigningKeys", () => {
  test.each([
    "",
    " ",
    "whsec_",
    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!",
    `whsec_${Buffer.alloc(23).toString("base64")}`,
    `whsec_${Buffer.alloc(65).toString("base64")}`,
    `${other} and another`,
  ])("refuses %j", (text) => expect(parseSigningKeys(text)).toBeUndefined());
});

describe("claimedSignature", () => {
  const { id, signature } = EXAMPLE;
  const whole = { "webhook-id": id, "webhook-timestamp": "1", "webhook-signature": signature };

  test("finds the signatures of version 1 among others", () => {
    const mixed = { ...whole, "webhook-signature": `v1a,asymmetric ${signature} v2,later` };
    expect(claimedSignature(new Headers(mixed))?.signatures).toEqual([signature.slice(3)]);
  });

  test.each([
    ["no id", { "webhook-id": "" }],
    ["an id with a dot, which could be cut elsewhere", { "webhook-id": "msg.1" }],
    ["a long id", { "webhook-id": "m".repeat(257) }],
    ["a time that is no number", { "webhook-timestamp": "now" }],
    ["a negative time", { "webhook-timestamp": "-1" }],
    ["no signature", { "webhook-signature": "" }],
    ["a signature of another version", { "webhook-signature": "v2,abc" }],
  ])("refuses %s", (_what, change) => {
    expect(claimedSignature(new Headers({ ...whole, ...change }))).toBeUndefined();
  });
});
