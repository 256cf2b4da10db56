import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { callbackContract } from "../contract-callbacks.ts";
import { storeContract } from "../contract.ts";

const open = async (): Promise<SqliteStore> => new SqliteStore(openDatabase(":memory:"));

storeContract("SqliteStore", open);
callbackContract("SqliteStore", async () => {
  const runs = await open();
  return { runs, callbacks: runs.callbacks };
});
