/**
 * Follow: everything that happens to a run until its end, whatever happens to the connection.
 *
 * Events are resumed after the last one seen. Where they do not get through (a proxy that buffers,
 * say), the run's status is asked again and again instead.
 */
import type { RunEvent } from "../domain/event.ts";
import type { RunStatus } from "../domain/run.ts";
import type { Client } from "./client.ts";
import { NotVolley, Refusal, ServerAway } from "./errors.ts";
import { type Patience, sleep } from "./patience.ts";

/**
 * An event of the run; or `stale`: events were missed, and the run should be read anew. The last is
 * one whose status has ended.
 */
export type Followed = RunEvent | { readonly type: "stale"; readonly status: RunStatus };

export interface FollowOptions {
  readonly patience: Patience;
  readonly signal: AbortSignal;
}

/** Streams in a row that told nothing, after which they are given up for a while. */
const BARREN_STREAMS = 2;
/** Between two looks at the status, and how many looks that while has. */
const POLL_MS = 1_000;
const POLLS = 20;
/** Before a stream that ended is opened again. */
const REOPEN_MS = 250;

/** Rejects as the client does, once its patience is at its end; with the signal's reason on abort. */
export async function* follow(
  client: Pick<Client, "events" | "status">,
  runId: string,
  { patience, signal }: FollowOptions,
): AsyncGenerator<Followed> {
  const seen: { lastId?: number } = {};
  for (let barren = 0; ;) {
    const before = seen.lastId;
    yield* told(client, runId, seen, { patience, signal });
    if (seen.lastId === Infinity) return;
    barren = seen.lastId === before ? barren + 1 : 0;
    let status = await patience.until(() => client.status(runId), signal);
    if (hasEnded(status)) return yield { type: "stale", status };
    await sleep(REOPEN_MS, signal);
    if (barren < BARREN_STREAMS) continue;
    for (let polls = 0; polls < POLLS; polls++) {
      const { updatedAt } = status;
      status = await patience.until(() => client.status(runId), signal);
      if (hasEnded(status) || status.updatedAt !== updatedAt) yield { type: "stale", status };
      if (hasEnded(status)) return;
      await sleep(POLL_MS, signal);
    }
  }
}

/** What one stream tells before it ends or breaks; `lastId` is infinite after the last event. */
async function* told(
  client: Pick<Client, "events" | "status">,
  runId: string,
  seen: { lastId?: number },
  { patience, signal }: FollowOptions,
): AsyncGenerator<Followed> {
  try {
    for await (const event of client.events(runId, seen.lastId, signal)) {
      patience.answered();
      // A resync tells where the stream goes on, which is before where a restored run was seen.
      if (Number.isSafeInteger(event.id)) seen.lastId = event.id;
      if (event.type === "resync") yield { type: "stale", status: await client.status(runId) };
      else yield event;
      if (event.type === "run.finished") seen.lastId = Infinity;
    }
  } catch (error) {
    const mayPass = error instanceof ServerAway || error instanceof NotVolley;
    if (!mayPass && !(error instanceof Refusal && error.code !== "run_not_found")) throw error;
  }
}

export function hasEnded({ state }: Pick<RunStatus, "state">): boolean {
  return state !== "queued" && state !== "running";
}
