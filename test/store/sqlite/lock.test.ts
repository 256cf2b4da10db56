import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { StartError } from "../../../src/domain/errors.ts";
import { lockDataFolder } from "../../../src/store/sqlite/lock.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { type Child, child } from "./child.ts";

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
let holders: Child[] = [];

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, "volley.lock");
  holders = [];
});

afterEach(async () => {
  for (const holder of holders) await holder.kill();
  folder[Symbol.dispose]();
});

function holder(): Child {
  const started = child("hold-lock.ts", [folder.path, path]);
  holders.push(started);
  return started;
}

const SERVED = /already served by another process/;

describe("lockDataFolder", () => {
  test("refuses a second holder in this process until the first lets go", () => {
    const first = lockDataFolder(folder.path, path);
    expect(() => lockDataFolder(folder.path, path)).toThrow(StartError);
    expect(() => lockDataFolder(folder.path, path)).toThrow(SERVED);
    expect(() => lockDataFolder(folder.path, path)).toThrow(folder.path);
    first[Symbol.dispose]();
    lockDataFolder(folder.path, path)[Symbol.dispose]();
  });

  test("still holds after a second holder was refused", async () => {
    using _held = lockDataFolder(folder.path, path);
    expect(() => lockDataFolder(folder.path, path)).toThrow(SERVED);
    expect(await holder().line()).toMatch(SERVED);
  });

  test("refuses a holder in another process", async () => {
    using _held = lockDataFolder(folder.path, path);
    expect(await holder().line()).toMatch(/^refused: .*already served/);
  });

  test("is refused while another process holds it, and free once that was killed", async () => {
    const other = holder();
    expect(await other.line()).toBe("held");
    expect(() => lockDataFolder(folder.path, path)).toThrow(SERVED);
    await other.kill();
    lockDataFolder(folder.path, path)[Symbol.dispose]();
  });

  test("holds for as long as the process lives, though nobody refers to it", async () => {
    (() => void lockDataFolder(folder.path, path))();
    for (let turn = 0; turn < 3; turn++) {
      await new Promise(setImmediate);
      Bun.gc(true);
    }
    expect(() => lockDataFolder(folder.path, path)).toThrow(SERVED);
  });

  test("keeps folders apart", () => {
    using _held = lockDataFolder(folder.path, path);
    using _other = lockDataFolder(folder.path, join(folder.path, "other.lock"));
  });

  test("does not hinder readers of the database beside it", () => {
    const database = join(folder.path, "volley.sqlite");
    using _held = lockDataFolder(folder.path, path);
    const db = new Database(database);
    db.run("CREATE TABLE t (a)");
    db.close();
  });

  test("may be let go twice", () => {
    const held = lockDataFolder(folder.path, path);
    held[Symbol.dispose]();
    held[Symbol.dispose]();
  });

  test("says what is wrong with a lock file that is something else", () => {
    writeFileSync(path, "not a lock ".repeat(100));
    expect(() => lockDataFolder(folder.path, path)).toThrow(StartError);
    expect(() => lockDataFolder(folder.path, path)).toThrow(path);
  });

  test.each(["a folder", "a path that cannot be"])("refuses %s as a start error", (what) => {
    const bad = what === "a folder" ? path : join(folder.path, "lost", "volley.lock");
    if (what === "a folder") mkdirSync(path);
    expect(() => lockDataFolder(folder.path, bad)).toThrow(StartError);
    expect(() => lockDataFolder(folder.path, bad)).toThrow(bad);
  });
});
