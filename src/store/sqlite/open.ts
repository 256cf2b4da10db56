/**
 * Opens the database file of a data folder: new, ours and sound, or refused.
 *
 * A file that is foreign, newer than this binary or corrupt is left exactly as it was found.
 */
import { Database } from "bun:sqlite";
import { closeSync, existsSync, openSync, readSync } from "node:fs";

import { StartError } from "../../domain/errors.ts";
import { touchPrivate } from "../../lib/private-file.ts";
import callbacks from "./migrations/0001-callbacks.sql" with { type: "text" };
import keys from "./migrations/0001-keys.sql" with { type: "text" };
import initial from "./migrations/0001-runs-and-jobs.sql" with { type: "text" };
import rowsOfJobs from "./migrations/0002-rows-of-jobs.sql" with { type: "text" };
import { openToLook } from "./read-only.ts";

/** In the data folder. */
export const DATABASE_FILE = "volley.sqlite";

/** What SQLite takes for a database without a file. */
const MEMORY = ":memory:";

/** "vly1" in ASCII: tells our files from every other SQLite file. */
const APPLICATION_ID = 0x766c7931;
const USER_VERSION_OFFSET = 60;
const APPLICATION_ID_OFFSET = 68;
const HEADER_BYTES = 100;

/** In order; a file's `user_version` is how many of these it has seen. */
const MIGRATIONS: readonly string[] = [`${initial}\n${callbacks}\n${keys}`, rowsOfJobs];

/** Throws StartError when the file must not be used. */
export function openDatabase(path: string): Database {
  let db: Database | undefined;
  try {
    if (!isNew(path)) inspectDatabase(path);
    // What SQLite puts beside it, it makes as readable as the file itself.
    if (path !== MEMORY) touchPrivate(path);
    db = new Database(path, { create: true, strict: true });
    // Before WAL, so that the mark is in the file itself from the first moment on.
    if (pragma(db, "application_id") !== APPLICATION_ID) {
      // The file is empty: there is nothing that a journal could bring back, and it takes six syncs.
      db.run("PRAGMA journal_mode = MEMORY");
      db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    }
    db.run("PRAGMA journal_mode = WAL");
    protect(db);
    migrate(db);
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof StartError) throw error;
    throw new StartError([`The database ${path} cannot be opened: ${reason(error)}.`], {
      cause: error,
    });
  }
}

/**
 * A connection to a database that is there and of this binary's version, also one that another
 * process serves. Nothing is read but the file's head. Throws StartError.
 */
export function openBeside(path: string): Database {
  if (!existsSync(path)) throw new StartError([`There is no database ${path}.`]);
  checkHead(path);
  return openAgain(path);
}

/**
 * A further connection of this process to a database that `openDatabase` opened. The file is not
 * looked at: closing it would end this process's locks on it (POSIX), and then the next process to
 * leave the database would take itself for the last one and empty the log under this one's feet.
 * Throws StartError.
 */
export function openAgain(path: string): Database {
  let db: Database | undefined;
  try {
    db = new Database(path, { readwrite: true, create: false, strict: true });
    protect(db);
    const version = pragma(db, "user_version");
    refuseNewer(path, version);
    if (version === MIGRATIONS.length) return db;
  } catch (error) {
    db?.close();
    if (error instanceof StartError) throw error;
    throw new StartError([`The database ${path} cannot be used: ${reason(error)}.`], {
      cause: error,
    });
  }
  db.close();
  throw new StartError([
    `${path} was written by an older volley; the next start of volley serve brings it up to date.`,
  ]);
}

/** Per connection: a commit is on disk when it returns, and waits its turn. */
function protect(db: Database): void {
  db.run("PRAGMA synchronous = FULL");
  db.run("PRAGMA busy_timeout = 2000");
  db.run("PRAGMA foreign_keys = ON");
  db.run("PRAGMA trusted_schema = OFF");
}

function migrate(db: Database): void {
  db.transaction(() => {
    const version = pragma(db, "user_version");
    for (const sql of MIGRATIONS.slice(version)) db.run(sql);
    if (version < MIGRATIONS.length) db.run(`PRAGMA user_version = ${MIGRATIONS.length}`);
  }).immediate();
}

/** Throws StartError unless the file is ours, of a known version and sound. Writes nothing. */
export function inspectDatabase(path: string): void {
  checkHead(path);
  let db: Database | undefined;
  try {
    db = openToLook(path);
    refuseNewer(path, pragma(db, "user_version"));
    const [problem] = db.query("PRAGMA quick_check(1)").values()[0] ?? [];
    if (problem !== "ok") {
      // Of several lines, the last names the damage.
      const damage = String(problem).trim().split("\n").at(-1);
      throw new StartError([`${path} is corrupt: ${damage}.`]);
    }
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError([`${path} is corrupt: ${reason(error)}.`], { cause: error });
  } finally {
    db?.close();
  }
}

/** What the file itself tells; opening a database touches the files beside it. */
function checkHead(path: string): void {
  const header = readHeader(path);
  if (header.toString("latin1", 0, 16) !== "SQLite format 3\0") {
    throw new StartError([`${path} is not a volley database: it is not an SQLite file.`]);
  }
  const application = header.readUInt32BE(APPLICATION_ID_OFFSET);
  if (application !== APPLICATION_ID) {
    throw new StartError([`${path} is not a volley database: it belongs to another application.`]);
  }
  refuseNewer(path, header.readUInt32BE(USER_VERSION_OFFSET));
}

function refuseNewer(path: string, version: number): void {
  if (version <= MIGRATIONS.length) return;
  throw new StartError([
    `${path} was written by a newer volley (schema ${version}; this one knows ${MIGRATIONS.length}).`,
  ]);
}

function isNew(path: string): boolean {
  return !existsSync(path) || Bun.file(path).size === 0;
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, "r");
  try {
    readSync(file, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(file);
  }
  return header;
}

function pragma(db: Database, name: "application_id" | "user_version"): number {
  return Number(db.query(`PRAGMA ${name}`).values()[0]?.[0]);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
}
