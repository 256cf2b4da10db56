/**
 * RunFeed: the events of one run for all who watch it. What happened is read from the store and
 * encoded once per interval, however many watch.
 *
 * A watcher first replays what it has missed, up to where the feed is, and then joins: every event
 * reaches it once, in order.
 */
import type { RunEvent } from "../../domain/event.ts";
import type { Log } from "../../lib/log.ts";
import { nextTurn } from "../../lib/turn.ts";
import type { RunChanges } from "../../orchestrator/changes.ts";
import type { RunStore } from "../../store/store.ts";
import { encodeResync, encodeText, eventsText } from "./encode.ts";
import { Pace } from "./pace.ts";
import type { Subscriber } from "./subscriber.ts";

/** Events per reading: at the largest answers allowed, these are 64 MiB. */
const PAGE_SIZE = 64;
/** Pages travel together until they come to this many characters: each write costs, too. */
const CHUNK_LENGTH = 128 * 1024;
/** Events of this long travel together, in milliseconds. */
const COALESCE_MS = 100;
/** A client gets as long to read what happened at once, in milliseconds. */
const PATIENCE_MS = 100;

export interface FeedDeps {
  readonly store: Pick<RunStore, "findEvents">;
  readonly changes: Pick<RunChanges, "watch">;
  readonly log: Log;
}

/** Events that follow each other, encoded. */
interface Told {
  readonly chunk: Uint8Array;
  readonly firstId: number;
  readonly lastId: number;
  /** Whether nothing will follow. */
  readonly complete: boolean;
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
      const told = await this.#read(cursor, this.#lastId);
      cursor = told?.lastId ?? this.#lastId;
      // As fast as it is read: only what is live can be too much for a client.
      await subscriber.drained();
      if (told) send([subscriber], told);
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
        const told = await this.#read(this.#lastId, Infinity);
        if (!told) return;
        await this.#allowReading();
        this.#lastId = told.lastId;
        send(this.#joined, told);
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

  /** What follows `after`, up to `upTo`, as far as it travels together. */
  async #read(after: number, upTo: number): Promise<Told | undefined> {
    // A store that answers at once would hold up everybody else until all is read.
    await nextTurn();
    let text = "";
    let events: RunEvent[];
    let first: RunEvent | undefined;
    let last: RunEvent | undefined;
    do {
      const page = await this.#deps.store.findEvents(this.#runId, last?.id ?? after, PAGE_SIZE);
      events = page.filter(({ id }) => id <= upTo);
      first ??= events[0];
      last = events.at(-1) ?? last;
      text += eventsText(events);
    } while (events.length >= PAGE_SIZE && text.length < CHUNK_LENGTH);
    if (!first || !last) return undefined;
    const complete = last.type === "run.finished";
    return { chunk: encodeText(text), firstId: first.id, lastId: last.id, complete };
  }
}

function send(subscribers: Iterable<Subscriber>, { chunk, complete, firstId }: Told): void {
  const resync = encodeResync(firstId - 1);
  for (const subscriber of subscribers) {
    subscriber.push(chunk, resync);
    if (complete) subscriber.end();
  }
}
