/**
 * ProgressFeed: the counts of one run for a crowd. Read and encoded once, at most four times a
 * second; a slow client skips to the newest.
 */
import type { Log } from "../../lib/log.ts";
import type { RunChanges } from "../../orchestrator/changes.ts";
import type { RunStore } from "../../store/store.ts";
import { encodeProgress, encodeText, eventsText } from "./encode.ts";
import { Pace } from "./pace.ts";
import type { Subscriber } from "./subscriber.ts";

const INTERVAL_MS = 250;

export interface ProgressDeps {
  readonly store: Pick<RunStore, "findRun" | "findStatus" | "findLastEvent">;
  readonly changes: Pick<RunChanges, "watch">;
  readonly log: Log;
}

export class ProgressFeed {
  readonly #runId: string;
  readonly #deps: ProgressDeps;
  readonly #pace: Pace;
  readonly #joined = new Set<Subscriber>();

  constructor(runId: string, deps: ProgressDeps) {
    this.#runId = runId;
    this.#deps = deps;
    const { changes } = deps;
    this.#pace = new Pace({ changes, runId, intervalMs: INTERVAL_MS }, () =>
      this.#send(this.#joined),
    );
  }

  async serve(subscriber: Subscriber): Promise<void> {
    this.#joined.add(subscriber);
    await this.#send([subscriber]);
  }

  leave(subscriber: Subscriber): void {
    this.#joined.delete(subscriber);
  }

  close(): void {
    this.#pace[Symbol.dispose]();
  }

  async #send(subscribers: Iterable<Subscriber>): Promise<void> {
    const { log, store } = this.#deps;
    try {
      const status = await store.findStatus(this.#runId);
      if (!status) return;
      const chunk = encodeProgress(status);
      for (const subscriber of subscribers) subscriber.replace(chunk);
      if (status.state === "queued" || status.state === "running") return;
      const { summary } = (await store.findRun(this.#runId)) ?? {};
      const id = await store.findLastEvent(this.#runId);
      if (!summary || id === undefined) return;
      const end = encodeText(eventsText([{ id, type: "run.finished", data: { status, summary } }]));
      for (const subscriber of subscribers) {
        subscriber.push(end, chunk);
        subscriber.end();
      }
    } catch (error) {
      log.error("progress cannot be read", { runId: this.#runId, error });
      for (const subscriber of subscribers) subscriber.end();
    }
  }
}
