/** A data folder as a server holds it: locked, with its database open for runs and for keys. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { StartError } from "../../domain/errors.ts";
import type { KeyStore } from "../keys.ts";
import { SqliteKeyStore } from "./keys.ts";
import { LOCK_FILE, lockDataFolder } from "./lock.ts";
import { DATABASE_FILE, openBeside, openDatabase } from "./open.ts";
import { SqliteStore, type SqliteStoreOptions } from "./sqlite-store.ts";

export interface DataFolder {
  readonly store: SqliteStore;
  readonly keys: KeyStore;
  /** Lets the next server in; to be called when both stores are closed. */
  readonly release: () => void;
}

/** Throws StartError if the folder cannot be made, is in use or holds what is not ours. */
export function openDataFolder(folder: string, options: SqliteStoreOptions): DataFolder {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const message = `The data folder ${folder} cannot be made: ${(error as Error).message}.`;
    throw new StartError([message], { cause: error });
  }
  const lock = lockDataFolder(folder, join(folder, LOCK_FILE));
  try {
    const path = join(folder, DATABASE_FILE);
    const store = new SqliteStore(openDatabase(path), options);
    const keys = new SqliteKeyStore(openBeside(path));
    return { store, keys, release: () => lock[Symbol.dispose]() };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}
