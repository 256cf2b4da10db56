/** The `ctx` of a runner: where it is, and a log whose lines travel with its result. */
import { present } from "../lib/present.ts";
import { clip, type HostMessage, type Task } from "./host-messages.ts";

/** Longest data of a log line, in characters of JSON; longer data is cut and kept as text. */
const MAX_META = 16_384;

export interface RunnerContext {
  readonly region?: string;
  readonly runId?: string;
  readonly log: (message: unknown, meta?: unknown) => void;
}

export function contextOf(task: Task, send: (message: HostMessage) => void): RunnerContext {
  const { id, region, runId } = task;
  const log = (message: unknown, meta?: unknown): void => {
    const at = new Date().toISOString();
    const text = clip(typeof message === "string" ? message : Bun.inspect(message));
    send({ type: "log", id, at, message: text, ...present({ meta: metaJson(meta) }) });
  };
  return { ...present({ region, runId }), log };
}

/** Data of a log line as JSON; data that has none is shown as text. */
function metaJson(meta: unknown): string | undefined {
  if (meta === undefined) return undefined;
  let json: string | undefined;
  try {
    json = JSON.stringify(meta);
  } catch {
    json = undefined;
  }
  json ??= JSON.stringify(clip(Bun.inspect(meta)));
  return json.length <= MAX_META ? json : JSON.stringify(clip(json));
}
