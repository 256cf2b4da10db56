/**
 * Live: every open event stream of a server, and the feeds they share.
 *
 * A feed lives as long as somebody watches its run. Closing ends all streams without a terminal
 * event, so that clients come back to whoever serves next.
 */
import type { RunChanges } from "../../orchestrator/changes.ts";
import type { RunStore } from "../../store/store.ts";
import { ChangesFeed } from "./changes-feed.ts";
import { encodeResync, HEARTBEAT } from "./encode.ts";
import { ProgressFeed } from "./progress-feed.ts";
import { type FeedDeps, RunFeed } from "./run-feed.ts";
import { Subscriber } from "./subscriber.ts";

const HEARTBEAT_MS = 15_000;

export interface LiveDeps extends FeedDeps {
  readonly changes: Pick<RunChanges, "watch" | "watchAll">;
  readonly store: Pick<RunStore, "findEvents" | "findLastEvent" | "findRun" | "findStatus">;
  /** Milliseconds between two heartbeats. Default 15 000. */
  readonly heartbeatMs?: number;
}

/** Whether a stream may go on; asked at every heartbeat. */
export type MayGoOn = () => Promise<boolean>;

const always: MayGoOn = async () => true;

/** A feed and how many watch it, or are about to. */
interface Shared<Feed> {
  readonly feed: Feed;
  watchers: number;
}

export class Live {
  readonly #deps: LiveDeps;
  readonly #runs = new Map<string, Shared<RunFeed>>();
  readonly #progress = new Map<string, Shared<ProgressFeed>>();
  #changes: ChangesFeed | undefined;
  readonly #subscribers = new Map<Subscriber, MayGoOn>();
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  constructor(deps: LiveDeps) {
    this.#deps = deps;
  }

  /**
   * The events of a run with `id > after` and all that follow. `lastId`: the run's newest event;
   * an `after` beyond it never existed, and the stream begins anew with a `resync`.
   */
  events(
    runId: string,
    lastId: number,
    after: number | undefined,
    mayGoOn = always,
  ): ReadableStream<Uint8Array> {
    const shared = share(this.#runs, runId, () => new RunFeed(runId, lastId, this.#deps));
    const subscriber = this.#subscribe(mayGoOn, () => {
      shared.feed.leave(subscriber);
      release(this.#runs, runId, shared);
    });
    if (this.#closed) subscriber.end();
    const unknown = after !== undefined && after > lastId;
    if (unknown) subscriber.replace(encodeResync(0));
    const from = unknown || after === undefined ? 0 : after;
    void shared.feed.serve(subscriber, from).catch((error: unknown) => {
      this.#deps.log.error("events cannot be read", { runId, error });
      subscriber.end();
    });
    return subscriber.stream();
  }

  /** The counts of a run, whenever they change. */
  progress(runId: string, mayGoOn = always): ReadableStream<Uint8Array> {
    const shared = share(this.#progress, runId, () => new ProgressFeed(runId, this.#deps));
    const subscriber = this.#subscribe(mayGoOn, () => {
      shared.feed.leave(subscriber);
      release(this.#progress, runId, shared);
    });
    if (this.#closed) subscriber.end();
    void shared.feed.serve(subscriber);
    return subscriber.stream();
  }

  /** Which runs have changed, as they do. */
  changes(mayGoOn = always): ReadableStream<Uint8Array> {
    const feed = (this.#changes ??= new ChangesFeed(this.#deps.changes));
    const subscriber = this.#subscribe(mayGoOn, () => {
      feed.leave(subscriber);
      if (!feed.idle) return;
      feed.close();
      if (this.#changes === feed) this.#changes = undefined;
    });
    feed.join(subscriber);
    if (this.#closed) subscriber.end();
    return subscriber.stream();
  }

  /** How many streams are open. */
  get streams(): number {
    return this.#subscribers.size;
  }

  /** Ends every stream, those that are opened later at once. */
  close(): void {
    this.#closed = true;
    for (const subscriber of this.#subscribers.keys()) subscriber.end();
  }

  #subscribe(mayGoOn: MayGoOn, left: () => void): Subscriber {
    const subscriber = new Subscriber(() => {
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) clearInterval(this.#heartbeat);
      left();
    });
    if (this.#subscribers.size === 0) {
      const { heartbeatMs = HEARTBEAT_MS } = this.#deps;
      this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    }
    this.#subscribers.set(subscriber, mayGoOn);
    return subscriber;
  }

  #beat(): void {
    for (const [subscriber, mayGoOn] of this.#subscribers) {
      if (subscriber.idle) subscriber.replace(HEARTBEAT);
      void mayGoOn().then(
        (may) => may || subscriber.end(),
        // Who it is cannot be known now; the next heartbeat asks again.
        () => {},
      );
    }
  }
}

function share<Feed>(
  feeds: Map<string, Shared<Feed>>,
  runId: string,
  open: () => Feed,
): Shared<Feed> {
  const known = feeds.get(runId) ?? { feed: open(), watchers: 0 };
  known.watchers++;
  feeds.set(runId, known);
  return known;
}

function release<Feed extends { close(): void }>(
  feeds: Map<string, Shared<Feed>>,
  runId: string,
  shared: Shared<Feed>,
): void {
  if (--shared.watchers > 0) return;
  shared.feed.close();
  if (feeds.get(runId) === shared) feeds.delete(runId);
}
