/**
 * What a server and its runner host tell each other, and the limits both keep.
 *
 * Results and log data travel as JSON text, so that their size is known before they are parsed.
 */

import type { BrowserSettings } from "./browser/settings.ts";
import type { SchemaReference } from "./input-schema.ts";

/** Server to host: execute one runner, or tell what its input looks like. One at a time. */
export interface Task {
  readonly id: number;
  /** As requested. */
  readonly name: string;
  readonly path: string;
  readonly exportName: string;
  /** `schema`: the runner is not called, its details are the JSON Schema of its input. */
  readonly want: "result" | "schema";
  readonly inputSchema?: SchemaReference;
  /** Local names of the file that the host must be able to read: schemas not exported. */
  readonly locals: readonly string[];
  /** Limit of the function, in milliseconds. */
  readonly timeout: number;
  readonly browser: BrowserSettings;
  readonly input: Readonly<Record<string, unknown>>;
  readonly region?: string;
  readonly runId?: string;
}

/** Host to server. Every message names the task it belongs to. */
export type HostMessage =
  /** The task arrived; from here on its runner answers for whatever happens to the host. */
  | { readonly type: "accepted"; readonly id: number }
  /** The runner's file is loaded and its function was called. */
  | { readonly type: "started"; readonly id: number }
  /** The runner asked for the browser: past its limit the host may say what the page shows. */
  | { readonly type: "browsing"; readonly id: number }
  | {
      readonly type: "log";
      readonly id: number;
      readonly at: string;
      readonly message: string;
      /** JSON. */
      readonly meta?: string;
    }
  /** `reply`: JSON of a Reply. `spent`: something went wrong that makes the host unfit to go on. */
  | {
      readonly type: "result";
      readonly id: number;
      readonly reply: string;
      readonly spent: boolean;
    };

/** Largest result of one runner, in bytes of JSON. */
export const MAX_REPLY_BYTES = 1024 ** 2;
/** Longest text of a log line or an error message, in characters. */
export const MAX_TEXT = 8_192;

const FIELDS: Readonly<Record<HostMessage["type"], readonly (readonly [string, string])[]>> = {
  accepted: [],
  started: [],
  browsing: [],
  log: [
    ["at", "string"],
    ["message", "string"],
  ],
  result: [
    ["reply", "string"],
    ["spent", "boolean"],
  ],
};

/** Whether what arrived is a message: a runner's code can send anything over the same channel. */
export function isHostMessage(value: unknown): value is HostMessage {
  if (typeof value !== "object" || value === null) return false;
  const message = value as Record<string, unknown>;
  const { id, type } = message;
  if (typeof id !== "number" || typeof type !== "string" || !Object.hasOwn(FIELDS, type)) {
    return false;
  }
  return FIELDS[type as HostMessage["type"]].every(([name, kind]) => typeof message[name] === kind);
}

export function clip(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}
