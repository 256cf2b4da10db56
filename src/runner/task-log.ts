/**
 * What is said while one task runs: the lines its runner logs, kept for its result, and all of it
 * for the server's log. Both are bounded, however much a runner has to say.
 */
import type { Result } from "../domain/result.ts";
import { cleanJson, cleanText, nestsTooDeep } from "../lib/json.ts";
import type { Log } from "../lib/log.ts";
import { present } from "../lib/present.ts";
import type { HostMessage } from "./host-messages.ts";

export type LogLine = NonNullable<Result["logs"]>[number];
export type LogMessage = Extract<HostMessage, { type: "log" }>;

/** Lines kept for a result: the last ones. */
const MAX_KEPT = 50;
/** Lines of one task that reach the server's log: the first ones. */
const MAX_LOGGED = 200;

export class TaskLog {
  readonly #log: Log;
  readonly #kept: LogLine[] = [];
  #logged = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The lines for a result, oldest first. */
  get lines(): readonly LogLine[] {
    return this.#kept;
  }

  /** A line of `ctx.log`. */
  add({ at, message, meta }: LogMessage): void {
    const data = metaOf(meta);
    this.#kept.push({ at, message: cleanText(message), ...present({ meta: data }) });
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
    if (this.#mayLog()) this.#log.info("runner log", { text: message, ...present({ meta: data }) });
  }

  /** A line the host printed. */
  printed(stream: "stdout" | "stderr", text: string): void {
    if (this.#mayLog()) this.#log.info("runner output", { stream, text });
  }

  #mayLog(): boolean {
    this.#logged++;
    if (this.#logged === MAX_LOGGED + 1) {
      this.#log.warn(`the runner said more than ${MAX_LOGGED} lines; the rest is not logged`);
    }
    return this.#logged <= MAX_LOGGED;
  }
}

function metaOf(json: string | undefined): unknown {
  if (json === undefined) return undefined;
  const value: unknown = JSON.parse(json);
  return nestsTooDeep(value) ? undefined : cleanJson(value);
}
