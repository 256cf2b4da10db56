/** Database files as bytes: what a refused open must not have changed. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { StartError } from "../../../src/domain/errors.ts";
import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { created, newRun } from "../fixture.ts";

/**
 * Digest of every file of a folder by name. Not of what a mere reader makes beside a database: an
 * empty log, and shared memory, the index of that log.
 */
export async function digests(folder: string): Promise<Record<string, string>> {
  const entries = readdirSync(folder)
    .filter((name) => !name.endsWith("-shm"))
    .filter((name) => !name.endsWith("-wal") || Bun.file(join(folder, name)).size > 0)
    .toSorted()
    .map(async (name) => {
      const bytes = await Bun.file(join(folder, name)).arrayBuffer();
      return [name, Bun.SHA256.hash(bytes, "hex")] as const;
    });
  return Object.fromEntries(await Promise.all(entries));
}

/** Makes a sound database of several pages, all in one file. */
export async function soundFile(path: string): Promise<void> {
  const db = openDatabase(path);
  const store = new SqliteStore(db);
  for (let index = 0; index < 20; index++) await created(store, newRun(`r${index}`, { jobs: 20 }));
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  await store.close();
}

/** The error openDatabase throws; throws itself when the file was accepted. */
export function refusal(path: string): StartError {
  try {
    openDatabase(path).close();
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new Error("The file was accepted.");
}
