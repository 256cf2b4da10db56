/**
 * RunFeed: the events of one run for all who watch it. What happened is read from the store and
 * encoded once per interval, however many watch.
 *
 * A watcher first replays what it has missed, up to where the feed is, and then joins: every event
 * reaches it once, in order.
 */
import type { RunEvent } from "../../domain/event.ts";
import type { Log } from "../../lib/log.ts";
import type { RunChanges } from "../../orchestrator/changes.ts";
import type { RunStore } from "../../store/store.ts";
import { encodeEvents, encodeResync } from "./encode.ts";
import { Pace } from "./pace.ts";
import type { Subscriber } from "./subscriber.ts";

/** Events per reading: at the largest answers allowed, these are 64 MiB. */
const PAGE_SIZE = 64;
/** Events of this long travel together, in milliseconds. */
const COALESCE_MS = 100;
/** A client gets as long to read what happened at once, in milliseconds. */
const PATIENCE_MS = 100;

export interface FeedDeps {
  readonly store: Pick<RunStore, "findEvents">;
  readonly changes: Pick<RunChanges, "watch">;
  readonly log: Log;
}

export class RunFeed {
  readonly #runId: string;
  readonly #deps: FeedDeps;
  readonly #pace: Pace;
  readonly #joined = new Set<Subscriber>();
  /** Everything up to this event has been sent to those who joined. */
  #lastId: number;
  /** Readings happen one after the other. */
  #reading: Promise<void> = Promise.resolve();

  /** `lastId`: the run's newest event. */
  constructor(runId: string, lastId: number, deps: FeedDeps) {
    this.#runId = runId;
    this.#lastId = lastId;
    this.#deps = deps;
    const { changes } = deps;
    this.#pace = new Pace({ changes, runId, intervalMs: COALESCE_MS }, () => this.#catchUp());
    // What happened between the reading of `lastId` and now was announced to nobody.
    this.#pace.hurry();
  }

  /** Sends a subscriber every event with `id > after`, then all that follow. */
  async serve(subscriber: Subscriber, after: number): Promise<void> {
    // What a client has seen of an earlier feed, this one may have yet to read.
    if (after > this.#lastId) await this.#catchUp();
    let cursor = after;
    while (cursor < this.#lastId && !subscriber.ended) {
      const events = await this.#read(cursor, this.#lastId);
      cursor = events.at(-1)?.id ?? this.#lastId;
      // As fast as it is read: only what is live can be too much for a client.
      await subscriber.drained();
      this.#send([subscriber], events);
    }
    if (!subscriber.ended) this.#joined.add(subscriber);
  }

  leave(subscriber: Subscriber): void {
    this.#joined.delete(subscriber);
  }

  close(): void {
    this.#pace[Symbol.dispose]();
  }

  #catchUp(): Promise<void> {
    return (this.#reading = this.#reading.then(() => this.#advance()));
  }

  async #advance(): Promise<void> {
    try {
      for (;;) {
        const events = await this.#read(this.#lastId, Infinity);
        const last = events.at(-1);
        if (!last) return;
        await this.#allowReading();
        this.#lastId = last.id;
        this.#send(this.#joined, events);
      }
    } catch (error) {
      this.#deps.log.error("events cannot be read", { runId: this.#runId, error });
      // They will come back, with the last event they have seen.
      for (const subscriber of this.#joined) subscriber.end();
    }
  }

  /**
   * Waits for clients that are about to miss something only because much happened at once. Whoever
   * then has not read is not waited for again until it has: it must not hold up the others.
   */
  async #allowReading(): Promise<void> {
    const full = [...this.#joined].filter((subscriber) => subscriber.full);
    if (full.length === 0) return;
    const { promise: tooLate, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PATIENCE_MS);
    await Promise.race([Promise.all(full.map((subscriber) => subscriber.drained())), tooLate]);
    clearTimeout(timer);
  }

  async #read(after: number, upTo: number): Promise<RunEvent[]> {
    const events = await this.#deps.store.findEvents(this.#runId, after, PAGE_SIZE);
    return events.filter(({ id }) => id <= upTo);
  }

  #send(subscribers: Iterable<Subscriber>, events: readonly RunEvent[]): void {
    const [first] = events;
    if (!first) return;
    const chunk = encodeEvents(events);
    const resync = encodeResync(first.id - 1);
    for (const subscriber of subscribers) {
      subscriber.push(chunk, resync);
      if (events.at(-1)?.type === "run.finished") subscriber.end();
    }
  }
}
