import { describe, expect, test } from "bun:test";

import { AppError } from "../../src/domain/errors.ts";
import { createLog } from "../../src/lib/log.ts";
import { retain } from "../../src/orchestrator/retention.ts";
import type { PruneBounds } from "../../src/store/store.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { memoryStore, request, Stage, turns } from "./stage.ts";

const DAY = 86_400_000;

/** A store whose answers to `prune` are scripted, and what it was asked. */
function scripted(answers: (boolean | Error)[]) {
  const asked: PruneBounds[] = [];
  const limits: number[] = [];
  const prune = async (limit: number, bounds: PruneBounds): Promise<boolean> => {
    asked.push(bounds);
    limits.push(limit);
    const answer = answers.shift() ?? false;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { asked, limits, store: { prune } };
}

function setUp(answers: (boolean | Error)[]) {
  const script = scripted(answers);
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), pretty: false, now: () => 0 });
  const stop = new AbortController();
  const options = { store: script.store, clock, log, keepForMs: 30 * DAY, keepRuns: 7 };
  return { ...script, clock, lines, stop, done: retain(options, stop.signal) };
}

describe("retain", () => {
  test("asks for what is past its time, by the wall clock of now", async () => {
    const { asked, clock, done, limits, stop } = setUp([]);
    await turns();
    clock.advance(DAY);
    await turns();
    const start = clock.now() - DAY;
    expect(asked).toEqual([
      { endedBefore: start - 30 * DAY, keepRuns: 7 },
      { endedBefore: start - 29 * DAY, keepRuns: 7 },
    ]);
    for (const limit of limits) expect(limit).toBeLessThanOrEqual(1_000);
    stop.abort();
    await done;
  });

  test("goes on slice by slice, with a pause for others, until nothing is left", async () => {
    const { asked, clock, done, stop } = setUp([true, true, true, false]);
    await turns();
    expect(asked).toHaveLength(1);
    for (let slice = 2; slice <= 4; slice++) {
      clock.advance(5);
      await turns();
      expect(asked).toHaveLength(slice);
    }
    clock.advance(59_999);
    await turns();
    expect(asked).toHaveLength(4);
    clock.advance(1);
    await turns();
    expect(asked).toHaveLength(5);
    stop.abort();
    await done;
  });

  test("says what went wrong, and tries again later", async () => {
    const away = new AppError("store_unavailable", "The run store is full.");
    const { asked, clock, done, lines, stop } = setUp([away, new TypeError("defect"), true]);
    await turns();
    clock.advance(60_000);
    await turns();
    clock.advance(60_000);
    await turns();
    expect(asked).toHaveLength(3);
    expect(lines).toHaveLength(2);
    stop.abort();
    await done;
  });

  test("stops at once, whatever it waits for", async () => {
    for (const answers of [[], [true, true]]) {
      const { asked, done, stop } = setUp(answers);
      await turns();
      stop.abort();
      await done;
      expect(asked).toHaveLength(1);
    }
  });

  test("deletes runs of a real store without a trace in the others", async () => {
    const store = memoryStore();
    const stage = new Stage({ store });
    const old = await stage.submit(request(600));
    await stage.ended(old);
    stage.clock.advance(2 * DAY);
    const recent = await stage.submit(request(3));
    const kept = await stage.ended(recent);
    const stop = new AbortController();
    const log = createLog({ write: () => {}, pretty: false, now: () => 0 });
    const options = { store, clock: stage.clock, log, keepForMs: DAY, keepRuns: 10 };
    const done = retain(options, stop.signal);
    for (let slice = 0; slice < 10; slice++) {
      await turns();
      stage.clock.advance(5);
    }
    expect(await store.findRun(old)).toBeUndefined();
    expect(await stage.summary(recent)).toEqual(kept);
    stop.abort();
    await done;
    await store.close();
  });
});
