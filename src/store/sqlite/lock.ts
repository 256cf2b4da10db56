/**
 * Lock of a data folder: one server at a time, released by the system when its process dies.
 *
 * It is an open write transaction on an SQLite file of its own, because Bun has no flock and a
 * pid file outlives a crash. Readers of the database are not hindered.
 */
import { Database } from "bun:sqlite";

import { StartError } from "../../domain/errors.ts";
import { touchPrivate } from "../../lib/private-file.ts";

/** In the data folder. */
export const LOCK_FILE = "volley.lock";

/** Locks of this process: a connection nobody refers to is collected, and its lock with it. */
const held = new Set<Database>();

/** Throws StartError if another server holds the lock. Dispose to release it. */
export function lockDataFolder(folder: string, path: string): Disposable {
  let opened: Database | undefined;
  try {
    touchPrivate(path);
    const db = (opened = new Database(path, { create: true }));
    db.run("PRAGMA busy_timeout = 0");
    db.run("BEGIN IMMEDIATE");
    held.add(db);
    return {
      [Symbol.dispose]: () => {
        held.delete(db);
        db.close();
      },
    };
  } catch (error) {
    opened?.close();
    const code = (error as { code?: string }).code;
    const message = code?.startsWith("SQLITE_BUSY")
      ? `The data folder ${folder} is already served by another process.`
      : `The lock file ${path} cannot be used: ${(error as Error).message}.`;
    throw new StartError([message], { cause: error });
  }
}
