/**
 * What a power cut or a bad disk may leave of the write-ahead log of a killed process. Seen through
 * openDatabase and the store: a consistent prefix of what was written, or a refusal.
 */
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { StartError } from "../../../src/domain/errors.ts";
import { countResults } from "../../../src/domain/result.ts";
import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import type { RunStore } from "../../../src/store/store.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { type Random, random } from "../../support/random.ts";
import { created, newRun } from "../fixture.ts";
import { child } from "./child.ts";

const PAGE = 4_096;
const SECTOR = 512;
const CASES = 150;
/** Pages in the log of some 20 runs. */
const ENOUGH = 100;

/** The files of a writer that was killed; of a database that has `grown`, or all in its log. */
async function killedWriter(
  folder: string,
  grown: boolean,
  attempt = 1,
): Promise<{ main: Buffer; log: Buffer }> {
  const path = join(folder, `writer${attempt}.sqlite`);
  const writer = child("write-on.ts", [path, "0"]);
  await writer.line();
  // What was written at first moves into the database; the log begins anew.
  if (grown) while (Bun.file(path).size < 200_000) await writer.line();
  for (let lines = 0; lines < 150; lines++) await writer.line();
  await writer.kill();
  const log = readFileSync(`${path}-wal`);
  // It writes faster than its lines are read here, and may have begun the log anew just now.
  if (used(log) < ENOUGH * PAGE) return killedWriter(folder, grown, attempt + 1);
  return { main: readFileSync(path), log };
}

/** How much of a log was written since it last began anew; behind it are frames of before. */
function used(log: Buffer): number {
  const salts = log.subarray(16, 24);
  let end = 32;
  while (end < log.length && log.subarray(end + 8, end + 16).equals(salts)) end += 24 + PAGE;
  return Math.min(end, log.length);
}

/** The log with one damage, and what that is. */
function damage(log: Buffer, { integer }: Random): { what: string; bytes: Buffer } {
  const at = integer(0, used(log) - 1);
  const bytes = Buffer.from(log);
  switch (integer(0, 2)) {
    case 0:
      return { what: `cut at byte ${at}`, bytes: bytes.subarray(0, at) };
    case 1:
      bytes[at]! ^= 1 << integer(0, 7);
      return { what: `a bit of byte ${at} flipped`, bytes };
    default:
      bytes.fill(0, at - (at % SECTOR), at - (at % SECTOR) + SECTOR);
      return { what: `the sector of byte ${at} zeroed`, bytes };
  }
}

/** Each writer of write-on.ts goes one step at a time, run after run of five jobs. */
async function checkPrefix(store: RunStore, where: string): Promise<number> {
  const { runs } = await store.listRuns({}, 10_000);
  const byWriter = new Map<string, number[]>();
  for (const { runId, ...status } of runs) {
    const [, writer = "", nth] = runId.split("-");
    byWriter.set(writer, [...(byWriter.get(writer) ?? []), Number(nth)]);
    const jobs = await store.findJobs(runId, -1, 10);
    const having = (...states: string[]) =>
      jobs.filter(({ state }) => states.includes(state)).length;
    const { completedJobs, failedJobs, queuedJobs, runningJobs, summary, totalJobs } = status;
    expect([totalJobs, completedJobs, failedJobs, runningJobs, queuedJobs], where).toEqual([
      jobs.length,
      having("completed"),
      having("failed"),
      having("running"),
      having("queued"),
    ]);
    expect(jobs, where).toHaveLength(5);
    const { errored, failed, passed } = summary;
    const results = jobs.flatMap((job) => job.results);
    expect(countResults(results), where).toEqual({ passed, failed, errored });
    // One job after the other, and the run last.
    const ended = jobs.findIndex(({ state }) => state === "running" || state === "queued");
    expect(
      jobs.slice(ended + 1).some(({ state }) => state === "completed") && ended >= 0,
      where,
    ).toBe(false);
    if (status.state === "failed") expect(ended, where).toBe(-1);
    const events = await store.findEvents(runId, 0, 100);
    expect(
      events.filter(({ type }) => type === "job.finished"),
      where,
    ).toHaveLength(completedJobs + failedJobs);
  }
  for (const [writer, numbers] of byWriter) {
    const all = numbers.toSorted((a, b) => a - b);
    expect(all, `${where}, writer ${writer}`).toEqual(all.map((_, index) => index));
    const open = runs.filter(
      ({ runId, state }) => runId.split("-")[1] === writer && state !== "failed",
    );
    expect(open.length, where).toBeLessThanOrEqual(1);
  }
  return runs.length;
}

describe("a damaged log", () => {
  test.each([
    ["that holds everything", false],
    ["of a database that has grown", true],
  ])(
    "%s leaves a consistent prefix, or is refused",
    async (_, grown) => {
      using folder = temporaryFolder();
      const { log, main } = await killedWriter(folder.path, grown);
      const seed = random.seed();
      const choices = random(seed);
      const found = new Set<number>();
      for (let nth = 0; nth < CASES; nth++) {
        const path = join(folder.path, `case${nth}.sqlite`);
        const { bytes, what } = damage(log, choices);
        const where = `TEST_SEED=${seed}, case ${nth}: ${what}`;
        writeFileSync(path, main);
        writeFileSync(`${path}-wal`, bytes);
        let store: RunStore;
        try {
          store = new SqliteStore(openDatabase(path));
        } catch (error) {
          if (!(error instanceof StartError)) throw new Error(where, { cause: error });
          expect(error.message, where).toContain(path);
          expect(readFileSync(path).equals(main), where).toBe(true);
          continue;
        }
        found.add(await checkPrefix(store, where));
        // It is served as any other.
        await created(store, newRun("0-after-0", { jobs: 2 }));
        await store.close();
      }
      // Not all cases came to the same, nor to nothing.
      expect(found.size, `TEST_SEED=${seed}`).toBeGreaterThan(3);
      expect(Math.max(...found), `TEST_SEED=${seed}`).toBeGreaterThan(5);
    },
    120_000,
  );
});
