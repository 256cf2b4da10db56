/**
 * Copies and checks of a database that may be in use: both read through a connection of their own
 * and hinder nobody.
 */
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";

import { StartError } from "../../domain/errors.ts";
import { touchPrivate } from "../../lib/private-file.ts";
import { inspectDatabase } from "./open.ts";
import { openToLook } from "./read-only.ts";

/**
 * Writes a consistent copy of the database at `source` to `target`, which must not exist: complete
 * or not at all. Throws StartError.
 */
export async function backupDatabase(source: string, target: string): Promise<void> {
  if (!existsSync(source)) throw new StartError([`There is no database ${source}.`]);
  if (existsSync(target)) throw new StartError([`${target} exists already.`]);
  inspectDatabase(source);
  const unfinished = `${target}.unfinished-${process.pid}`;
  try {
    using db = new Database(source, { readonly: true });
    db.run("PRAGMA busy_timeout = 10000");
    touchPrivate(unfinished);
    db.prepare<never, [string]>("VACUUM INTO ?").run(unfinished);
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw new StartError([`The backup ${target} failed: ${(error as Error).message}.`], {
      cause: error,
    });
  }
}

export interface DatabaseHealth {
  readonly runs: number;
  readonly unfinished: number;
  /** Size of the file and of its write-ahead log, in bytes. */
  readonly bytes: number;
  readonly logBytes: number;
}

/** Reads all of the database at `path`. Throws StartError if it is not sound. */
export function databaseHealth(path: string): DatabaseHealth {
  inspectDatabase(path);
  using db = openToLook(path);
  const [problem] = db.query("PRAGMA integrity_check(1)").values()[0] ?? [];
  if (problem !== "ok") throw new StartError([`${path} is corrupt: ${String(problem)}`]);
  const count = (condition: string): number =>
    Number(db.query(`SELECT count(*) FROM runs ${condition}`).values()[0]?.[0]);
  return {
    runs: count(""),
    unfinished: count("WHERE state IN ('queued', 'running')"),
    bytes: Bun.file(path).size,
    logBytes: Bun.file(`${path}-wal`).size,
  };
}
