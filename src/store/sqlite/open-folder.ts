/** A data folder as a server holds it: locked, with its database open for runs and for keys. */
import { join } from "node:path";

import { StartError } from "../../domain/errors.ts";
import { makePrivateFolder } from "../../lib/private-file.ts";
import type { KeyStore } from "../keys.ts";
import { SqliteKeyStore } from "./keys.ts";
import { LOCK_FILE, lockDataFolder } from "./lock.ts";
import { DATABASE_FILE, openAgain, openDatabase } from "./open.ts";
import { SqliteStore, type SqliteStoreOptions } from "./sqlite-store.ts";

export interface DataFolder {
  readonly store: SqliteStore;
  readonly keys: KeyStore;
  /** Lets the next server in; to be called when both stores are closed. */
  readonly release: () => void;
}

/** Makes the folder unless it is there. Throws StartError. */
export function makeDataFolder(folder: string): void {
  try {
    makePrivateFolder(folder);
  } catch (error) {
    const message = `The data folder ${folder} cannot be made: ${(error as Error).message}.`;
    throw new StartError([message], { cause: error });
  }
}

/** Throws StartError if the folder cannot be made, is in use or holds what is not ours. */
export function openDataFolder(folder: string, options: SqliteStoreOptions): DataFolder {
  makeDataFolder(folder);
  const lock = lockDataFolder(folder, join(folder, LOCK_FILE));
  try {
    const path = join(folder, DATABASE_FILE);
    const store = new SqliteStore(openDatabase(path), options);
    const keys = new SqliteKeyStore(openAgain(path));
    return { store, keys, release: () => lock[Symbol.dispose]() };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}
