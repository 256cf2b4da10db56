/**
 * Runs a schedule to its end: so many actions, then calm, in which every run must come to its end;
 * then everything that was promised is held against what is there.
 */
import { expect, test } from "bun:test";

import { random } from "../support/random.ts";
import { checkRun } from "./check-run.ts";
import type { Life } from "./life.ts";
import { type Profile } from "./settings.ts";
import { type Disk, memoryDisk, World } from "./world.ts";

/** Rounds of calm that any schedule needs at most; a run that has not ended then hangs. */
const CALM_ROUNDS = 500;
const CALM_MS = 500;

/** Throws at the first broken promise. Resolves with a trace of what was done. */
export async function runSchedule(
  seed: number,
  profile: Profile,
  disk: Disk = memoryDisk(),
): Promise<readonly string[]> {
  const world = new World(seed, disk);
  try {
    await world.start();
    for (let left = world.random.integer(10, 50); left > 0; left--) await world.step(profile);
    await calm(world);
    world.ledger.inspect(world.life.db);
    for (const known of world.ledger.runs.values()) await checkRun(world, known);
    await leave(world);
    return world.trace;
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    const steps = world.trace.slice(-60).join(", ");
    throw new Error(`TEST_SEED=${seed}: ${what}\nafter ${steps}`, { cause: error });
  }
}

/** Whether every run has ended and nothing is executed any more. */
function isSettled({ db, orchestrator }: Life): boolean {
  const open = db.query("SELECT 1 FROM runs WHERE state IN ('queued', 'running') LIMIT 1").all();
  return open.length === 0 && orchestrator.activeRuns === 0;
}

/** No more faults; endpoints answer; time goes on. */
async function calm(world: World): Promise<void> {
  for (let round = 0; round < CALM_ROUNDS; round++) {
    if (world.life.dead) await world.start();
    const { life } = world;
    life.away = false;
    life.endpoints.answerAll();
    await world.turns(4);
    world.ledger.release();
    if (life.dead) continue;
    world.ledger.glance(life.db);
    for (const known of world.ledger.runs.values()) await world.follow(known);
    if (isSettled(life)) return;
    world.clock.advance(CALM_MS);
  }
  throw new Error("A run hangs.");
}

/** Nothing is left behind: not in memory, and not on the disk once all runs may go. */
async function leave(world: World): Promise<void> {
  const { life } = world;
  expect(life.orchestrator.backlog).toBe(0);
  expect(life.endpoints.inFlight).toBe(0);
  await life.orchestrator.close(0);
  const bounds = { endedBefore: Number.MAX_SAFE_INTEGER, keepRuns: 0 };
  while (await life.store.prune(world.random.integer(1, 30), bounds));
  for (const table of ["runs", "jobs", "facets", "pruned_runs"]) {
    expect(life.db.query(`SELECT count(*) FROM ${table}`).values()).toEqual([[0]]);
  }
  await life.store.close();
}

/** A test of `count` schedules; TEST_SEED repeats one of them, first. */
export function simulate(name: string, profile: Profile, count: number, disk?: () => Disk): void {
  test(`${count} schedules: ${name}`, async () => {
    const first = random.seed();
    for (let nth = 0; nth < count; nth++) await runSchedule(first + nth, profile, disk?.());
  }, 600_000);
}
