/**
 * Server-sent events as bytes (HTML Living Standard, 9.2). Data is JSON and event names are ours,
 * so nothing an endpoint sent can break out of its line.
 */
import type { RunEvent } from "../../domain/event.ts";
import type { RunStatus } from "../../domain/run.ts";

const text = new TextEncoder();

export function eventsText(events: readonly RunEvent[]): string {
  return events
    .map(({ data, id, type }) => `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
    .join("");
}

/** What `eventsText` returned. */
export function encodeText(events: string): Uint8Array {
  return text.encode(events);
}

/** Tells a client that it has missed events up to `id` and should read the run anew. */
export function encodeResync(id: number): Uint8Array {
  return text.encode(`id: ${id}\nevent: resync\ndata: {}\n\n`);
}

/** Counts for a crowd; without an id, because there is nothing to resume. */
export function encodeProgress(status: RunStatus): Uint8Array {
  return text.encode(`event: run.progress\ndata: ${JSON.stringify({ status })}\n\n`);
}

/** Runs that have changed; without an id, because whoever missed some reads the list anew. */
export function encodeChanges(runIds: Iterable<string>): Uint8Array {
  return text.encode(`event: runs.changed\ndata: ${JSON.stringify({ runIds: [...runIds] })}\n\n`);
}

/** A comment, which clients ignore and proxies count as traffic. */
export const HEARTBEAT = text.encode(": \n\n");
