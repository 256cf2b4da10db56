/** Live: what open event streams hold on to, and how they are let go. */
import { describe, expect, test } from "bun:test";

import type { RunEvent } from "../../src/domain/event.ts";
import type { RunHead, RunStatus } from "../../src/domain/run.ts";
import { Live, type LiveDeps } from "../../src/http/live/live.ts";
import { silentLog } from "../../src/lib/log.ts";
import { present } from "../../src/lib/present.ts";
import { EventReader, idsOf } from "../support/sse.ts";

const RUN = "run_1";

/** A run in progress, as long as the test says, in a store that counts who asks. */
class Scene {
  readonly events: RunEvent[] = [{ id: 1, type: "run.started", data: { totalJobs: 1_000 } }];
  readonly watchers = new Set<() => void>();
  reads = 0;
  /** The next read fails. */
  failing = false;
  readonly live: Live;

  constructor(heartbeatMs?: number) {
    const read = async <Value>(value: () => Value): Promise<Value> => {
      this.reads++;
      if (this.failing) throw new Error("The disk is on fire.");
      return value();
    };
    const deps: LiveDeps = {
      store: {
        findEvents: (_runId, after, limit) =>
          read(() => this.events.filter(({ id }) => id > after).slice(0, limit)),
        findLastEvent: () => read(() => this.lastId),
        findStatus: () => read(() => this.status),
        findRun: () => read(() => ({ summary: {} }) as RunHead),
      },
      changes: {
        watchAll: () => ({ [Symbol.dispose]: () => {} }),
        watch: (_runId, changed) => {
          this.watchers.add(changed);
          return { [Symbol.dispose]: () => void this.watchers.delete(changed) };
        },
      },
      log: silentLog,
      ...present({ heartbeatMs }),
    };
    this.live = new Live(deps);
  }

  get lastId(): number {
    return this.events.at(-1)?.id ?? 0;
  }

  get status(): RunStatus {
    return { runId: RUN, state: "running", runningJobs: this.lastId } as RunStatus;
  }

  /** So many jobs start, with URLs of so many bytes. */
  happen(count: number, bytes = 10): void {
    for (let index = 0; index < count; index++) {
      const id = this.lastId + 1;
      const url = "x".repeat(bytes);
      this.events.push({ id, type: "job.started", data: { jobId: `job_${id}`, url, attempt: 1 } });
    }
    for (const changed of this.watchers) changed();
  }

  watch(after?: number): EventReader {
    return reader(this.live.events(RUN, this.lastId, after));
  }
}

function reader(stream: ReadableStream<Uint8Array>): EventReader {
  const headers = { "content-type": "text/event-stream" };
  return new EventReader(new Response(stream, { headers }));
}

/** So many events. */
async function take(from: EventReader, count: number): Promise<number[]> {
  let left = count;
  return idsOf(await from.rest(() => --left === 0));
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe("Live", () => {
  test("watches a run once for all who look on, and not at all once they have left", async () => {
    const scene = new Scene();
    for (let round = 0; round < 200; round++) {
      const readers = [scene.watch(), scene.watch(), reader(scene.live.progress(RUN))];
      expect(scene.watchers.size).toBe(2);
      if (round % 2 === 0) await Promise.all(readers.map((one) => one.next()));
      for (const one of readers) await one.leave();
      expect(scene.watchers.size).toBe(0);
    }
  });

  test("reads no more for a client that has left in the middle of what it missed", async () => {
    const scene = new Scene();
    // One page of these is all that travels together.
    scene.happen(2_000, 3_000);
    const staying = scene.watch(scene.lastId);
    const leaving = scene.watch();
    await leaving.next();
    await leaving.leave();
    const { reads } = scene;
    scene.happen(1);
    expect(await take(staying, 1)).toEqual([2_002]);
    expect(scene.reads - reads).toBeLessThanOrEqual(3);
    await staying.leave();
  });

  test("gives a client that resumes ahead of the others just what it has not seen", async () => {
    const scene = new Scene();
    const first = scene.watch();
    await first.next();
    scene.happen(10);
    // The others have yet to be told of these ten.
    const ahead = scene.watch(8);
    expect(await take(ahead, 3)).toEqual([9, 10, 11]);
    expect(await take(first, 10)).toEqual(upTo(11).slice(1));
    scene.happen(1);
    expect(await take(ahead, 1)).toEqual([12]);
    expect(await take(first, 1)).toEqual([12]);
    await Promise.all([first.leave(), ahead.leave()]);
  });

  test("gives a client that comes between two readings every event once", async () => {
    const scene = new Scene();
    const first = scene.watch();
    await first.next();
    scene.happen(500);
    // The others have yet to be told of these, which fill several pages.
    const second = scene.watch();
    for (const one of [first, second]) {
      const rest = one === first ? 500 : 501;
      expect(await take(one, rest)).toEqual(upTo(501).slice(-rest));
    }
    await Promise.all([first.leave(), second.leave()]);
  });

  test("drops what a client has not read past a mebibyte, says so, and spares the others", async () => {
    const scene = new Scene();
    const [slow, fast] = [scene.watch(), scene.watch()];
    expect(await take(slow, 1)).toEqual([1]);
    expect(await take(fast, 1)).toEqual([1]);
    // Many more mebibytes than one, told in many pieces.
    for (let piece = 0; piece < 12; piece++) {
      scene.happen(100, 5_000);
      expect(await take(fast, 100)).toHaveLength(100);
    }
    const last = scene.lastId;
    const seen = await slow.rest(({ id }) => Number(id) === last);
    const resyncs = seen.filter(({ type }) => type === "resync");
    expect(resyncs.length).toBeGreaterThan(0);
    const bytes = seen.reduce((sum, { data }) => sum + data.length, 0);
    expect(bytes).toBeLessThan(4 * 1024 ** 2);
    // A resync has the id of the last event that was left out, so that a resume fits, too.
    const ids = idsOf(seen);
    for (const [index, { type }] of seen.entries()) {
      if (type === "resync") expect(ids[index + 1]).toBe((ids[index] ?? 0) + 1);
      else if (index > 0) expect(ids[index]).toBe((ids[index - 1] ?? 0) + 1);
    }
    await Promise.all([slow.leave(), fast.leave()]);
  });

  test("drops nothing of what happened at once for a client that reads, beside one that does not", async () => {
    const scene = new Scene();
    const [reading, stuck] = [scene.watch(), scene.watch()];
    for (const one of [reading, stuck]) expect(await take(one, 1)).toEqual([1]);
    scene.happen(2_000, 5_000);
    expect(await take(reading, 2_000)).toEqual(upTo(2_001).slice(1));
    expect((await stuck.rest(({ type }) => type === "resync")).at(-1)?.type).toBe("resync");
    await Promise.all([reading.leave(), stuck.leave()]);
  });

  test("waits for a client that catches up slowly, instead of dropping what it missed", async () => {
    const scene = new Scene();
    scene.happen(1_000, 10_000);
    const slow = scene.watch();
    expect(await take(slow, 1_001)).toEqual(upTo(1_001));
    await slow.leave();
  });

  test.each([
    ["events", (scene: Scene) => scene.watch()],
    ["progress", (scene: Scene) => reader(scene.live.progress(RUN))],
  ])("ends %s without a terminal event when it closes, and takes no more", async (_what, open) => {
    const scene = new Scene();
    const streams = [open(scene), open(scene)];
    for (const stream of streams) await stream.next();
    scene.live.close();
    for (const stream of [...streams, open(scene)]) {
      expect((await stream.rest()).map(({ type }) => type)).not.toContain("run.finished");
    }
    expect(scene.watchers.size).toBe(0);
  });

  test("ends streams at a heartbeat that may not go on, and no others", async () => {
    const scene = new Scene(2);
    let may = true;
    let away = 0;
    const asked = (): Promise<boolean> => {
      if (may) return Promise.resolve(true);
      // Once, nobody can tell.
      return away++ === 0 ? Promise.reject(new Error("No store.")) : Promise.resolve(false);
    };
    const { live } = scene;
    const streams = [live.events(RUN, 1, undefined, asked), live.progress(RUN, asked)].map(reader);
    const other = scene.watch();
    for (const stream of [...streams, other]) await stream.next();
    may = false;
    for (const stream of streams) await stream.rest();
    expect(away).toBeGreaterThan(1);
    scene.happen(1);
    expect((await other.next())?.id).toBe("2");
    await other.leave();
    expect(scene.watchers.size).toBe(0);
  });

  test("ends streams whose events cannot be read, so that clients come back", async () => {
    const scene = new Scene();
    const streams = [scene.watch(), reader(scene.live.progress(RUN))];
    for (const stream of streams) await stream.next();
    scene.failing = true;
    scene.happen(1);
    for (const stream of [...streams, scene.watch(), reader(scene.live.progress(RUN))]) {
      await stream.rest();
    }
    expect(scene.watchers.size).toBe(0);
  });
});
