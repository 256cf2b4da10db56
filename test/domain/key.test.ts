import { describe, expect, test } from "bun:test";

import {
  allows,
  digestOf,
  idFrom,
  issueKey,
  isUsable,
  keyId,
  sameDigest,
  SCOPES,
} from "../../src/domain/key.ts";

const PLAIN = { id: "a", name: "a", scope: "admin", createdAt: 1_000 } as const;

describe("issueKey", () => {
  test("makes keys of one shape, each with 256 random bits", () => {
    const keys = Array.from({ length: 1_000 }, issueKey);
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1_000);
    expect(new Set(keys.map(({ text }) => text.slice(-43))).size).toBe(1_000);
    for (const { digest, id, text } of keys) {
      expect(text).toMatch(/^vly_[0-9a-f]{16}\.[A-Za-z0-9_-]{43}$/);
      expect(Buffer.from(text.slice(-43), "base64url")).toHaveLength(32);
      expect(keyId(text)).toBe(id);
      expect(sameDigest(digest, digestOf(text))).toBeTrue();
    }
  });
});

describe("keyId", () => {
  const { id, text } = issueKey();

  const others: readonly [string, string][] = [
    ["nothing", ""],
    ["an id", id],
    ["an id with its prefix", `vly_${id}`],
    ["a key without its prefix", text.slice(4)],
    ["a key that lacks its end", text.slice(0, -1)],
    ["a key with something after it", `${text}x`],
    ["a key with a space before it", ` ${text}`],
    ["a key with a line end", `${text}\n`],
    ["a key in capitals", text.toUpperCase()],
    ["a key without its dot", text.replace(".", "_")],
    ["a dot", "vly_."],
    ["a long text", "x".repeat(10_000)],
  ];

  test.each(others)("finds no id in %s", (_what, other) => {
    expect(keyId(other)).toBeUndefined();
  });

  test("is not needed to tell which key a person means", () => {
    for (const said of [id, `vly_${id}`, text]) expect(idFrom(said)).toBe(id);
    for (const said of ["", "vly_", id.slice(1), `${id}0`, "--data"]) {
      expect(idFrom(said)).toBeUndefined();
    }
  });
});

describe("a key", () => {
  test("counts until it expires or is revoked", () => {
    expect(isUsable(PLAIN, Number.MAX_SAFE_INTEGER)).toBeTrue();
    expect(isUsable({ ...PLAIN, expiresAt: 2_000 }, 1_999)).toBeTrue();
    expect(isUsable({ ...PLAIN, expiresAt: 2_000 }, 2_000)).toBeFalse();
    expect(isUsable({ ...PLAIN, revokedAt: 2_000 }, 1_000)).toBeFalse();
  });

  test("allows what its scope includes, and no more", () => {
    const allowed = SCOPES.map((scope) => SCOPES.filter((needed) => allows(scope, needed)));
    expect(allowed).toEqual([
      ["runs:read"],
      ["runs:read", "runs:write"],
      ["runs:read", "runs:write", "admin"],
    ]);
  });
});
