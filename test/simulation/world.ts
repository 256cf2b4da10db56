/**
 * A schedule: one server through all its lives, and what the outside does to it. Time, chance,
 * endpoints and crashes are the schedule's; the core and the store are those that `serve` has.
 */
import { Database } from "bun:sqlite";
import { expect } from "bun:test";

import type { AppError } from "../../src/domain/errors.ts";
import { openDatabase } from "../../src/store/sqlite/open.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { type Random, random } from "../support/random.ts";
import { Ledger } from "./ledger.ts";
import { Life } from "./life.ts";
import { randomRequest } from "./requests.ts";
import { type Action, type Profile, randomAction, randomSettings } from "./settings.ts";

/** Where a crash leaves its disk, and where the next life finds it. */
export interface Disk {
  /** A database for the next life: new at first, then as the crash left it. */
  readonly open: () => Database;
  /** What `db` holds on disk now is what the next life finds. */
  readonly freeze: (db: Database) => void;
}

export function memoryDisk(): Disk {
  let image: Uint8Array | undefined;
  return {
    open: () => {
      if (!image) return openDatabase(":memory:");
      const db = Database.deserialize(image, { strict: true } as never);
      db.run("PRAGMA foreign_keys = ON");
      return db;
    },
    freeze: (db) => {
      image = db.serialize();
    },
  };
}

/** What any submit may be refused for; `invalid_request` is more jobs than may ever wait. */
const REFUSALS = ["store_unavailable", "at_capacity", "draining", "invalid_request"];
const MOST_RUNS = 7;

export class World {
  readonly ledger = new Ledger();
  readonly trace: string[] = [];
  readonly random: Random;
  readonly #settings;
  readonly #disk: Disk;
  #clock = new FakeClock();
  #life!: Life;
  #submits = 0;

  constructor(seed: number, disk: Disk) {
    this.random = random(seed);
    this.#settings = randomSettings(this.random);
    this.#disk = disk;
    this.trace.push(JSON.stringify(this.#settings));
  }

  get life(): Life {
    return this.#life;
  }

  get clock(): FakeClock {
    return this.#clock;
  }

  /** Starts a process on what the one before left. */
  async start(): Promise<void> {
    const { integer } = this.random;
    // Time goes on while nobody serves; the monotonic clock begins anew.
    this.#clock = new FakeClock(this.#clock.now() + (integer(0, 2) ? 0 : integer(0, 5_000)));
    const db = this.#disk.open();
    this.ledger.inspect(db);
    const life: Life = new Life({
      db,
      clock: this.#clock,
      random: this.random,
      settings: this.#settings,
      ledger: this.ledger,
      crashed: () => {
        this.trace.push("crashed");
        this.ledger.interrupted(db);
        this.#disk.freeze(db);
      },
      traced: (what) => this.trace.push(what),
    });
    this.#life = life;
    const { changes } = life.orchestrator;
    for (const known of this.ledger.runs.values()) {
      known.changed = true;
      changes.watch(known.runId, () => (known.changed = true));
    }
    await life.orchestrator.recover();
  }

  /** One action, and as much of what follows from it as chance will have. */
  async step(profile: Profile): Promise<void> {
    const action = randomAction(profile, this.random);
    this.trace.push(action);
    await this.#do(action);
    await this.turns(this.random.integer(0, 4));
    this.ledger.release();
    if (this.#life.dead) await this.start();
    else this.ledger.glance(this.#life.db);
  }

  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count && !this.#life.dead; turn++) await new Promise(setImmediate);
  }

  async #do(action: Action): Promise<unknown> {
    const { integer, pick } = this.random;
    const life = this.#life;
    switch (action) {
      case "submit":
        return this.ledger.runs.size < MOST_RUNS && this.#submit();
      case "repeat":
        return this.#repeat();
      case "answer":
        return life.endpoints.answer();
      case "advance":
        return this.#clock.advance(pick([1, 10, 50, 250, 1_000, 5_000, 30_000]));
      case "cancel":
        return this.#cancel();
      case "rerun":
        return this.#rerun();
      case "crash":
        return life.crash();
      case "crash later":
        return life.crashLater(integer(0, 12), integer(0, 1) === 1);
      case "drain":
        return this.#drain();
      case "outage":
        return (life.away = !life.away);
      case "follow":
        return this.follow();
    }
  }

  #submit(runId = `r${++this.#submits}`, request = randomRequest(this.random)): void {
    const life = this.#life;
    const { integer } = this.random;
    const known = this.ledger.know(runId, request);
    const { acknowledged } = known;
    life.orchestrator.changes.watch(runId, () => (known.changed = true));
    const options = {
      requestDigest: JSON.stringify(known.request),
      ...(integer(0, 2) ? {} : { idempotencyKey: `key of ${runId}` }),
    };
    const submitted = life.orchestrator.submit({ ...known.request, runId }, options);
    this.#settle(submitted, REFUSALS, (answer) => {
      expect(answer.runId).toBe(runId);
      // Of submits at the same time, the one that created the run may be answered last.
      if (acknowledged || known.created) expect(answer.replayed).toBe(true);
      known.acknowledged = true;
      known.created ||= !answer.replayed;
    });
  }

  /** The same submit again, or another under the same id. */
  #repeat(): void {
    const { integer, pick } = this.random;
    const known = [...this.ledger.runs.values()].filter(({ runId }) => /^r\d+$/.test(runId));
    if (known.length === 0) return;
    const { acknowledged, request, runId } = pick(known);
    if (!acknowledged || integer(0, 2)) return this.#submit(runId, request);
    const other = this.#life.orchestrator.submit(
      { ...request, runId },
      { requestDigest: "another body" },
    );
    this.#settle(other, ["run_conflict", ...REFUSALS], () => {
      throw new Error(`Run ${runId} was taken with another body.`);
    });
  }

  #cancel(): void {
    const { pick } = this.random;
    const ids = [...this.ledger.runs.keys(), "unknown"];
    const runId = pick(ids);
    const known = this.ledger.runs.get(runId);
    const codes = ["run_ended", "store_unavailable"];
    if (!known?.acknowledged) codes.push("run_not_found");
    this.#settle(this.#life.orchestrator.cancel(runId), codes, (state) => {
      expect(["queued", "running", "cancelled"]).toContain(state);
      known!.cancelled = true;
    });
  }

  #rerun(): void {
    const { pick } = this.random;
    if (this.ledger.runs.size === 0 || this.ledger.runs.size >= MOST_RUNS) return;
    const parent = pick([...this.ledger.runs.values()]);
    const only = pick(["failed", "all"] as const);
    const life = this.#life;
    const codes = ["run_not_ended", "nothing_to_rerun", ...REFUSALS];
    if (!parent.acknowledged) codes.push("run_not_found");
    this.#settle(life.orchestrator.rerun(parent.runId, only), codes, ({ runId }) => {
      const known = this.ledger.find(life.db, runId);
      known.acknowledged = true;
      life.orchestrator.changes.watch(runId, () => (known.changed = true));
      known.changed = true;
      const { right, total } = countsOf(life.db, parent.runId);
      expect(known.request.runners).toHaveLength(only === "all" ? total : total - right);
    });
  }

  /** An orderly stop, which may take longer than anybody waits, and a start. */
  async #drain(): Promise<void> {
    const { integer } = this.random;
    const life = this.#life;
    const patience = integer(0, 2_000);
    const drain = { ended: false };
    void life.orchestrator.close(patience).then(() => (drain.ended = true));
    for (let turn = integer(0, 10); turn > 0; turn--) {
      if (integer(0, 1)) life.endpoints.answer();
      await this.turns(2);
    }
    this.#clock.advance(patience);
    life.endpoints.answerAll();
    life.away = false;
    // A write that is being repeated is repeated once more.
    for (let turn = 0; turn < 10 && !drain.ended && !life.dead; turn++) {
      await this.turns(3);
      this.#clock.advance(1_000);
    }
    if (!life.dead) expect(drain.ended).toBe(true);
    life.crash();
  }

  /** Reads what is new in the events of some run, as a stream of it would. */
  async follow(known = this.random.pick([...this.ledger.runs.values()])): Promise<void> {
    if (!known?.changed) return;
    known.changed = false;
    const { store } = this.#life;
    for (;;) {
      const after = known.seen.at(-1)?.id ?? 0;
      const page = await store.findEvents(known.runId, after, this.random.integer(1, 6));
      known.seen.push(...page);
      if (page.length === 0) return;
    }
  }

  /** What comes of a request of the outside, unless the process ends before it answers. */
  #settle<Value>(
    promise: Promise<Value>,
    refusals: readonly string[],
    kept: (value: Value) => void,
  ): void {
    const life = this.#life;
    const hold = (check: () => void): void => {
      if (!life.dead) this.ledger.hold(check);
    };
    promise.then(
      (value) => hold(() => kept(value)),
      (error: AppError) => {
        const code: string = error.code ?? String(error);
        this.trace.push(`refused ${code}`);
        hold(() => expect(refusals).toContain(code));
      },
    );
  }
}

function countsOf(db: Database, runId: string): { total: number; right: number } {
  return db
    .query<{ total: number; right: number }, [string]>(
      "SELECT total, coalesce(expected, passed) AS right FROM runs WHERE run_id = ?",
    )
    .get(runId)!;
}
