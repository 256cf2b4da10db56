/**
 * How a task can end: with a reply that is safe to keep, or with a fault of its host. Pure.
 */
import type { ErrorSource } from "../domain/result.ts";
import { cleanJson, nestsTooDeep } from "../lib/json.ts";
import { present } from "../lib/present.ts";
import { MAX_REPLY_BYTES } from "./host-messages.ts";
import { faultReply, type Reply } from "./reply.ts";

/** Why a host did not answer. `code` is stable, for logs and for programs. */
export interface HostFault {
  readonly code: string;
  readonly source: ErrorSource;
  readonly message: string;
}

const fault = (code: string, source: ErrorSource, message: string): HostFault => ({
  code,
  source,
  message,
});

export const faults = {
  timedOut: (ms: number) =>
    fault("runner_timed_out", "timeout", `The runner did not end within ${ms} ms.`),
  loadTimedOut: (ms: number) =>
    fault("load_timed_out", "timeout", `The runner's file did not load within ${ms} ms.`),
  tooMuchOutput: (bytes: number) =>
    fault("too_much_output", "runner", `The runner printed and logged more than ${bytes} bytes.`),
  exited: (exitCode: number | null, signal: string | number | null) =>
    fault(
      "host_exited",
      "runner",
      signal
        ? `The runner's process was ended by ${signal} before it returned.`
        : `The runner ended its process with exit code ${exitCode} before it returned.`,
    ),
  silent: (ms: number) =>
    fault("host_silent", "orchestrator", `The runner host took no work within ${ms} ms.`),
  nonsense: () =>
    fault("host_nonsense", "runner", "The runner's process sent a result that cannot be read."),
  gone: () => fault("host_gone", "orchestrator", "The runner host ended before it took work."),
} as const;

const STATUSES: ReadonlySet<unknown> = new Set(["pass", "fail", "error"]);

/**
 * The reply a host sent, checked: it was written in a process that runs foreign code. Throws if it
 * cannot be one.
 */
export function acceptedReply(json: string): Reply {
  if (Buffer.byteLength(json) > MAX_REPLY_BYTES) {
    return faultReply(`The runner's result has more than ${MAX_REPLY_BYTES} bytes.`);
  }
  const reply = JSON.parse(json) as Reply;
  if (!STATUSES.has(reply.status)) throw new TypeError("A reply has no status.");
  if (nestsTooDeep(reply)) {
    const message = "The runner's result nests too deep to be kept.";
    return { ...faultReply(message), ...present({ durationMs: reply.durationMs }) };
  }
  return cleanJson(reply) as Reply;
}
