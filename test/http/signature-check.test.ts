import { describe, expect, test } from "bun:test";

import { SignatureCheck } from "../../src/http/signature-check.ts";
import { parseSigningKeys, signatureHeaders } from "../../src/lib/signature.ts";

const keys = parseSigningKeys(`whsec_${Buffer.alloc(32, 1).toString("base64")}`) ?? [];
const strange = parseSigningKeys(`whsec_${Buffer.alloc(32, 2).toString("base64")}`) ?? [];
const body = '{"url":"https://example.com"}';
const NOW = Date.UTC(2026, 0, 2);
const MINUTE = 60_000;

/** A check at a time of the test's, and requests for it. */
function checking() {
  let now = NOW;
  const check = new SignatureCheck(keys, () => now);
  return {
    at: (time: number) => (now = time),
    receive: (headers: HeadersInit, bytes = body) =>
      check.begin(new Headers(headers))(Buffer.from(bytes)),
  };
}
const signed = (id: string, now = NOW, signingKeys = keys) =>
  signatureHeaders(signingKeys, { id, now, body });

describe("SignatureCheck", () => {
  test("accepts a signed message once", () => {
    const { receive } = checking();
    receive(signed("msg_1"));
    receive(signed("msg_2"));
    expect(() => receive(signed("msg_1"))).toThrow("received before");
  });

  test("refuses a repetition for as long as its timestamp is accepted", () => {
    const { at, receive } = checking();
    const ahead = signed("msg_1", NOW + 5 * MINUTE);
    receive(ahead);
    for (const minutes of [1, 5, 9.9]) {
      at(NOW + minutes * MINUTE);
      receive(signed(`msg_at_${minutes * 10}`, NOW + minutes * MINUTE));
      expect(() => receive(ahead)).toThrow("received before");
    }
    at(NOW + 10 * MINUTE + 1);
    receive(signed("msg_last", NOW + 10 * MINUTE));
    expect(() => receive(ahead)).toThrow("5 minutes");
  });

  test.each([-5.1, 5.1])("refuses a timestamp %d minutes off", (minutes) => {
    const { receive } = checking();
    expect(() => receive(signed("msg_1", NOW + minutes * MINUTE))).toThrow("5 minutes");
  });

  test("refuses another body, another key and no signature", () => {
    const { receive } = checking();
    expect(() => receive(signed("msg_1"), `${body} `)).toThrow("not valid");
    expect(() => receive(signed("msg_1", NOW, strange))).toThrow("not valid");
    expect(() => receive({})).toThrow("A signature is needed");
    // What was refused is not remembered.
    receive(signed("msg_1"));
  });
});
