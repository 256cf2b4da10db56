import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { storeContract } from "../contract.ts";

storeContract("SqliteStore", async () => new SqliteStore(openDatabase(":memory:")));
