/** Keys in PostgreSQL: the contract, and what another replica sees. */
import { afterAll, describe, expect, test } from "bun:test";

import { databaseHasKeys, PostgresKeyStore } from "../../../src/store/postgres/keys.ts";
import { noPostgres } from "../../support/postgres.ts";
import { keyStoreContract, newKey } from "../contract-keys.ts";
import { CREATED } from "../fixture.ts";
import { emptied } from "./database.ts";

if (noPostgres) {
  describe(`PostgresKeyStore (${noPostgres})`, () => {
    test.skip("keeps the key store contract", () => {});
  });
} else {
  const database = await emptied();
  afterAll(() => database.close());
  const open = (session: boolean) => async () => {
    await database.empty();
    return new PostgresKeyStore(database.url, session);
  };
  keyStoreContract("PostgresKeyStore", open(true));
  keyStoreContract("PostgresKeyStore without prepared statements", open(false));

  describe("PostgresKeyStore", () => {
    test("sees at once what another replica does", async () => {
      const one = await open(true)();
      const other = new PostgresKeyStore(database.url, true);
      expect(await databaseHasKeys(database.url)).toBeFalse();
      await one.createKey(newKey("a"));
      expect(await other.hasKeys()).toBeTrue();
      expect(await databaseHasKeys(database.url)).toBeTrue();
      await one.revokeKey("a", CREATED);
      expect(await other.findKey("a")).toMatchObject({ revokedAt: CREATED });
      await one.close();
      await other.close();
    });
  });
}
