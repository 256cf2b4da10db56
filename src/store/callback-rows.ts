/** Rows of callbacks as the shapes of their contract. */
import type { Callback, CallbackState } from "../domain/callback.ts";
import { present } from "../lib/present.ts";
import type { ClaimedCallback } from "./callbacks.ts";

export interface CallbackRow {
  readonly key: number;
  readonly callback_id: string;
  readonly url: string | null;
  readonly receiver: string;
  readonly state: CallbackState;
  readonly attempts: number;
  readonly due_since: number | null;
  readonly next_at: number | null;
  readonly last_at: number | null;
  readonly last_status: number | null;
  readonly last_error: string | null;
}

export type ClaimedRow = CallbackRow & { readonly run_id: string };

export function toClaimed(row: ClaimedRow): ClaimedCallback {
  return {
    key: row.key,
    callbackId: row.callback_id,
    runId: row.run_id,
    ...present({ url: row.url }),
    receiver: row.receiver,
    attempts: row.attempts,
    dueSince: row.due_since ?? 0,
  };
}

export function toCallback(row: CallbackRow): Callback {
  const { state } = row;
  // It was looked at, but nobody was called.
  const tried = state !== "skipped";
  return {
    callbackId: row.callback_id,
    source: row.url === null ? "configuration" : "run",
    // Its path and query are where receivers keep their tokens.
    ...present({ url: row.url === null ? undefined : new URL(row.url).origin }),
    state,
    attempts: tried ? row.attempts : 0,
    ...present({
      lastAttemptAt: tried ? timestamp(row.last_at) : undefined,
      lastStatus: row.last_status,
      lastError: row.last_error,
      nextAttemptAt: state === "pending" ? timestamp(row.next_at) : undefined,
      deliveredAt: state === "delivered" ? timestamp(row.last_at) : undefined,
    }),
  };
}

function timestamp(ms: number | null): string | undefined {
  return ms === null ? undefined : new Date(ms).toISOString();
}
