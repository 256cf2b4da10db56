/**
 * Opens a database to look at it, and leaves no trace: not even the files that SQLite would put
 * beside one that nobody uses.
 */
import { constants, Database } from "bun:sqlite";
import { existsSync } from "node:fs";

/** Of a database that comes into use meanwhile it may see a mixture: for looking, not for copying. */
export function openToLook(path: string): Database {
  const inUse = existsSync(`${path}-wal`) || existsSync(`${path}-journal`);
  if (inUse) return new Database(path, { readonly: true });
  const { SQLITE_OPEN_READONLY, SQLITE_OPEN_URI } = constants;
  // Without a log beside it the file is all there is, and a promise that it stays as it is keeps
  // SQLite from making one.
  const url = `${Bun.pathToFileURL(path).href}?immutable=1`;
  return new Database(url, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}
