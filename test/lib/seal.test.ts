import { describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { keyFile } from "../../src/lib/key-file.ts";
import { Seal, SEAL_KEY_BYTES } from "../../src/lib/seal.ts";
import { temporaryFolder } from "../support/folder.ts";

const sealWith = (byte: number): Seal => new Seal(() => Buffer.alloc(SEAL_KEY_BYTES, byte));
const bytes = (sealed: string) => Buffer.from(sealed.slice(3), "base64url").toString("hex");

describe("Seal", () => {
  test.each(["", "hunter2", "grüße\0", "x".repeat(100_000)])("opens what it sealed", (text) => {
    const seal = sealWith(1);
    expect(seal.open(seal.seal(text))).toBe(text);
  });

  test("seals equal texts alike, others and with another key differently", () => {
    const sealed = sealWith(1).seal("hunter2");
    expect(sealWith(1).seal("hunter2")).toBe(sealed);
    const heads = [sealed, sealWith(1).seal("hunter3"), sealWith(2).seal("hunter2")].map((text) =>
      text.slice(0, 19),
    );
    // The nonces, which no two texts may share.
    expect(new Set(heads).size).toBe(3);
    expect(Buffer.from(sealed.slice(3), "base64url").toString("latin1")).not.toContain("hunter");
  });

  test("does not open what was changed, cut or sealed by another", () => {
    const seal = sealWith(1);
    const sealed = seal.seal("hunter2");
    expect(sealWith(2).open(sealed)).toBeUndefined();
    for (let at = 0; at < sealed.length; at++) {
      const other = sealed[at] === "A" ? "B" : "A";
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
      // The last character may hold bits that mean nothing.
      if (changed.startsWith("v1.") && bytes(changed) === bytes(sealed)) continue;
      expect([at, seal.open(changed)]).toEqual([at, undefined]);
      expect(seal.open(sealed.slice(0, at))).toBeUndefined();
    }
  });
});

describe("keyFile", () => {
  test("makes a key when it is first needed, for its user only, and finds it again", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "key");
    const key = keyFile(path, 32);
    expect(() => statSync(path)).toThrow("ENOENT");
    const made = key();
    expect(made).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(key()).toBe(made);
    expect(Buffer.from(keyFile(path, 32)())).toEqual(Buffer.from(made));
  });

  test.each(["", "short", Buffer.alloc(31).toString("base64"), `${"!".repeat(44)}`])(
    "refuses a file that holds %j, and leaves it alone",
    (text) => {
      using folder = temporaryFolder();
      const path = join(folder.path, "key");
      writeFileSync(path, text);
      expect(() => keyFile(path, 32)).toThrow("does not hold a key");
      expect(readFileSync(path, "utf8")).toBe(text);
    },
  );
});
