/** The contract every key store keeps, as tests: run them for each there is. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";

import { digestOf } from "../../src/domain/key.ts";
import type { KeyStore, NewKey } from "../../src/store/keys.ts";
import { CREATED } from "./fixture.ts";

export function newKey(id: string, change: Partial<NewKey> = {}): NewKey {
  const digest = digestOf(`key ${id}`);
  return { id, name: `Key ${id}`, scope: "runs:read", digest, createdAt: CREATED, ...change };
}

const session = (token: string, expiresAt = CREATED + 100) => ({
  digest: digestOf(token),
  keyId: "a",
  expiresAt,
});

/** `open` gives a store without keys; it is closed after each test. */
export function keyStoreContract(name: string, open: () => Promise<KeyStore>): void {
  let keys: KeyStore;
  beforeEach(async () => {
    keys = await open();
  });
  afterEach(() => keys.close());

  describe(`${name}: keys`, () => {
    test("are found as they were created", async () => {
      const all = [
        newKey("a", { scope: "admin" }),
        newKey("b", { expiresAt: CREATED + 5, name: "naïve \u{1f511} '; DROP TABLE keys" }),
      ];
      for (const key of all) await keys.createKey(key);
      for (const key of all) {
        const found = await keys.findKey(key.id);
        expect({ ...found, digest: Buffer.from(found?.digest ?? []) }).toEqual({
          ...key,
          digest: Buffer.from(key.digest),
        });
      }
      expect(await keys.findKey("c")).toBeUndefined();
      expect(await keys.findKey("")).toBeUndefined();
    });

    test("are listed in the order they were created in, without their digests", async () => {
      expect(await keys.listKeys()).toEqual([]);
      await keys.createKey(newKey("b", { createdAt: CREATED + 1 }));
      await keys.createKey(newKey("c"));
      await keys.createKey(newKey("a", { createdAt: CREATED + 2 }));
      const list = await keys.listKeys();
      expect(list.map(({ id }) => id)).toEqual(["c", "b", "a"]);
      expect(list[0]).toEqual({ id: "c", name: "Key c", scope: "runs:read", createdAt: CREATED });
    });

    test("have an id nobody else has", async () => {
      await keys.createKey(newKey("a"));
      await expect(keys.createKey(newKey("a", { name: "another" }))).rejects.toThrow();
      expect(await keys.findKey("a")).toMatchObject({ name: "Key a" });
    });

    test("stay when they are revoked, with the time of the first revocation", async () => {
      await keys.createKey(newKey("a"));
      expect(await keys.revokeKey("a", CREATED + 7)).toMatchObject({ revokedAt: CREATED + 7 });
      expect(await keys.revokeKey("a", CREATED + 9)).toMatchObject({ revokedAt: CREATED + 7 });
      expect(await keys.findKey("a")).toMatchObject({ revokedAt: CREATED + 7 });
      expect(await keys.revokeKey("b", CREATED)).toBeUndefined();
    });

    test("are known to have been there, whatever became of them", async () => {
      expect(await keys.hasKeys()).toBeFalse();
      await keys.createKey(newKey("a", { expiresAt: CREATED + 1 }));
      expect(await keys.hasKeys()).toBeTrue();
      await keys.revokeKey("a", CREATED);
      expect(await keys.hasKeys()).toBeTrue();
    });

    test("tell their last use, which never goes back", async () => {
      await keys.createKey(newKey("a"));
      await keys.createKey(newKey("b"));
      await keys.noteUses(
        new Map([
          ["a", CREATED + 5],
          ["gone", CREATED + 5],
        ]),
      );
      await keys.noteUses(new Map([["a", CREATED + 3]]));
      await keys.noteUses(new Map());
      expect(await keys.findKey("a")).toMatchObject({ lastUsedAt: CREATED + 5 });
      expect(await keys.findKey("b")).not.toHaveProperty("lastUsedAt");
    });
  });

  describe(`${name}: sessions`, () => {
    test("are found by their digest until they end", async () => {
      await keys.createSession(session("one"), CREATED);
      await keys.createSession(session("two", CREATED + 200), CREATED);
      const find = (token: string, at: number) => keys.findSession(digestOf(token), at);
      expect(await find("one", CREATED)).toEqual({ keyId: "a", expiresAt: CREATED + 100 });
      expect(await find("one", CREATED + 99)).toBeDefined();
      expect(await find("one", CREATED + 100)).toBeUndefined();
      expect(await find("two", CREATED + 100)).toBeDefined();
      expect(await find("three", CREATED)).toBeUndefined();
    });

    test("are forgotten on request, and once they have ended", async () => {
      await keys.createSession(session("one"), CREATED);
      await keys.createSession(session("two"), CREATED);
      await keys.deleteSession(digestOf("one"));
      await keys.deleteSession(digestOf("nobody's"));
      expect(await keys.findSession(digestOf("one"), CREATED)).toBeUndefined();
      expect(await keys.findSession(digestOf("two"), CREATED)).toBeDefined();
      await keys.createSession(session("three", CREATED + 300), CREATED + 150);
      // Asked as of a time at which it still counted: it is gone.
      expect(await keys.findSession(digestOf("two"), CREATED)).toBeUndefined();
    });
  });

  test(`${name} refuses everything once it is closed`, async () => {
    const other = await open();
    await other.close();
    const refused = { code: "store_unavailable" };
    await expect(other.findKey("a")).rejects.toMatchObject(refused);
    await expect(other.hasKeys()).rejects.toMatchObject(refused);
    await expect(other.createKey(newKey("a"))).rejects.toMatchObject(refused);
  });
}
