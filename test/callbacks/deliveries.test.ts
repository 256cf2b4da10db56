/** Deliveries over a real store: who is called when, and what is kept of it. */
import { describe, expect, test } from "bun:test";

import { Deliveries, type Outgoing } from "../../src/callbacks/deliveries.ts";
import { SEND_LIMIT_MS, type Sent } from "../../src/callbacks/send.ts";
import { createLog } from "../../src/lib/log.ts";
import { openDatabase } from "../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { CREATED, created, endMoment, iso, newRun } from "../store/fixture.ts";
import { eventually } from "../support/eventually.ts";

const OK: Sent = { state: "delivered", status: 200 };
const DOWN: Sent = { state: "failed", final: false, error: "It is down." };
const ENDED = CREATED + 1_000;
const BASE = "/api/orchestrator";

type Answer = (message: Outgoing, stopped: AbortSignal) => Promise<Sent> | Sent;

class Stage implements AsyncDisposable {
  readonly store = new SqliteStore(openDatabase(":memory:"));
  readonly sent: Outgoing[] = [];
  readonly settled: string[] = [];
  readonly lines: string[] = [];
  readonly deliveries: Deliveries;
  now = ENDED;
  inFlight = 0;
  peak = 0;

  constructor(answer: Answer, changed?: (runId: string) => Promise<boolean>) {
    this.deliveries = new Deliveries({
      store: this.store.callbacks,
      runs: this.store,
      basePath: BASE,
      ...(changed === undefined ? {} : { changed }),
      now: () => this.now,
      random: () => 1,
      log: createLog({ write: (line) => this.lines.push(line), pretty: false, now: () => 0 }),
      settled: (state) => this.settled.push(state),
      send: async (message, stopped) => {
        this.sent.push(message);
        this.peak = Math.max(this.peak, ++this.inFlight);
        try {
          return await answer(message, stopped);
        } finally {
          this.inFlight--;
        }
      },
    });
    this.deliveries.start();
  }

  /** A run that has ended, and its callback. */
  async ended(runId: string, url?: string): Promise<void> {
    const callbacks = [{ callbackId: `cb_${runId}`, ...(url === undefined ? {} : { url }) }];
    const run = await created(this.store, newRun(runId, { callbacks, tags: ["nightly"] }));
    await this.store.endOpenJobs(run, { state: "failed" }, endMoment(ENDED));
    await this.store.endRun(run, "failed", endMoment(ENDED, 1_000));
    this.deliveries.wake();
  }

  async callback(runId: string) {
    return (await this.store.callbacks.findCallbacks(runId))[0];
  }

  /** The callback of a run once it has been tried so often, beside `others` of other runs. */
  tried(runId: string, attempts: number, others = 0) {
    return eventually(`${runId} is tried ${attempts} times`, async () => {
      const callback = await this.callback(runId);
      const over = this.settled.length >= attempts + others;
      return callback !== undefined && over && callback.attempts >= attempts && callback;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.deliveries.close(0);
    await this.store.close();
  }
}

/** Answers nothing until it is stopped. */
const hang: Answer = (_message, stopped) =>
  new Promise((resolve) => stopped.addEventListener("abort", () => resolve(DOWN), { once: true }));

const url = (host: string) => `https://${host}.example/hook`;

describe("Deliveries", () => {
  test("tells the URL of the configuration of changes only, if it is so asked", async () => {
    await using stage = new Stage(
      () => OK,
      async (runId) => runId === "news",
    );
    await stage.ended("news");
    await stage.ended("same");
    await stage.ended("own", url("ci"));
    await eventually("the news are told", () => stage.settled.length === 2);
    expect(stage.sent.map(({ id }) => id).toSorted()).toEqual(["cb_news", "cb_own"]);
    const skipped = await eventually("the others are settled", async () => {
      const callback = await stage.callback("same");
      return callback?.state === "skipped" && callback;
    });
    expect(skipped).toEqual({
      callbackId: "cb_same",
      source: "configuration",
      state: "skipped",
      attempts: 0,
    });
    expect(await stage.store.callbacks.nextDue([])).toBeUndefined();
  });

  test("sends the end of a run, the same each time, until it is taken", async () => {
    let down = 2;
    await using stage = new Stage(() => (down-- > 0 ? DOWN : OK));
    await stage.ended("r1", url("ci"));
    expect(await stage.tried("r1", 1)).toMatchObject({
      state: "pending",
      lastError: "It is down.",
      nextAttemptAt: iso(ENDED + 5_000),
    });
    for (const [attempts, wait] of [
      [2, 5_000],
      [3, 15_000],
    ] as const) {
      stage.now += wait;
      stage.deliveries.wake();
      await stage.tried("r1", attempts);
    }
    expect(await stage.callback("r1")).toMatchObject({ state: "delivered", attempts: 3 });
    expect(stage.settled).toEqual(["pending", "pending", "delivered"]);
    expect(stage.sent.map(({ earlier, id, url: to }) => [id, to, earlier])).toEqual([
      ["cb_r1", url("ci"), 0],
      ["cb_r1", url("ci"), 1],
      ["cb_r1", url("ci"), 2],
    ]);
    expect(new Set(stage.sent.map(({ body }) => body)).size).toBe(1);
    expect(JSON.parse(stage.sent[0]?.body ?? "")).toEqual({
      type: "run.finished",
      timestamp: iso(ENDED),
      data: {
        runId: "r1",
        state: "failed",
        mode: "remote",
        tags: ["nightly"],
        summary: { total: 1, passed: 0, failed: 0, errored: 1 },
        createdAt: iso(CREATED),
        completedAt: iso(ENDED),
        durationMs: 1_000,
        path: `${BASE}/r1`,
      },
    });
  });

  test("gives up after a day, and at once when another attempt would end alike", async () => {
    await using stage = new Stage(({ id }) => (id === "cb_gone" ? { ...DOWN, final: true } : DOWN));
    await stage.ended("gone", url("a"));
    await stage.ended("down", url("b"));
    expect(await stage.tried("gone", 1)).toMatchObject({ state: "failed", attempts: 1 });
    const down = (attempts: number) => stage.tried("down", attempts, 1);
    for (let attempts = 1; (await down(attempts)).state === "pending"; attempts++) {
      expect(attempts).toBeLessThan(40);
      stage.now = Date.parse((await stage.callback("down"))?.nextAttemptAt ?? "");
      stage.deliveries.wake();
      await eventually("it is tried", () => stage.sent.length > attempts + 1);
    }
    expect(stage.now - ENDED).toBeGreaterThan(20 * 3_600_000);
    expect(await stage.callback("down")).toMatchObject({ state: "failed" });
    expect(stage.lines.at(-1)).toContain("callback given up");
  });

  test("lets a receiver that is slow hold up nobody else", async () => {
    await using stage = new Stage((message, stopped) =>
      message.url === url("slow") ? hang(message, stopped) : OK,
    );
    for (let index = 0; index < 10; index++) await stage.ended(`slow${index}`, url("slow"));
    for (let index = 0; index < 20; index++) await stage.ended(`quick${index}`, url("quick"));
    await eventually("the others are told", () => stage.settled.length === 20);
    // Two at a time to the same receiver.
    expect(stage.inFlight).toBe(2);
    expect(stage.peak).toBeLessThanOrEqual(4);
  });

  test("sends so many at a time and no more, and all of them", async () => {
    const gates: (() => void)[] = [];
    await using stage = new Stage(
      () => new Promise<Sent>((resolve) => gates.push(() => resolve(OK))),
    );
    for (let index = 0; index < 30; index++) await stage.ended(`r${index}`, url(`h${index}`));
    await eventually("as many as may are sent", () => stage.inFlight === 8);
    for (let told = 0; told < 30; told++) (await eventually("one more", () => gates.shift()))();
    await eventually("all are told", () => stage.settled.length === 30);
    expect(stage.peak).toBe(8);
    expect(new Set(stage.sent.map(({ id }) => id)).size).toBe(30);
  });

  test("keeps what it was sending when it stops, due at once", async () => {
    await using stage = new Stage(hang);
    await stage.ended("r1", url("ci"));
    await eventually("it is being sent", () => stage.inFlight === 1);
    await stage.deliveries.close(0);
    expect(await stage.callback("r1")).toMatchObject({ state: "pending", attempts: 1 });
    expect(await stage.store.callbacks.claim(ENDED, 1, [])).toMatchObject({ callbackId: "cb_r1" });
  });

  test("claims for longer than an attempt can take", async () => {
    await using stage = new Stage(hang);
    await stage.ended("r1", url("ci"));
    await eventually("it is being sent", () => stage.inFlight === 1);
    const due = await stage.store.callbacks.nextDue([]);
    expect((due ?? 0) - ENDED).toBeGreaterThan(SEND_LIMIT_MS);
  });

  test("goes on after the store could not be read", async () => {
    await using stage = new Stage(() => OK);
    const { callbacks } = stage.store;
    const claim = callbacks.claim.bind(callbacks);
    let failures = 0;
    callbacks.claim = (...args) => {
      if (failures++ === 0) return Promise.reject(new Error("no"));
      return claim(...args);
    };
    await stage.ended("r1", url("ci"));
    expect(await stage.tried("r1", 1)).toMatchObject({ state: "delivered" });
    expect(stage.lines[0]).toContain("callbacks cannot be read");
  });
});
