/**
 * How a task can end: with a reply that is safe to keep, or with a fault of its host. Pure.
 */
import { cleanJson, nestsTooDeep } from "../lib/json.ts";
import { present } from "../lib/present.ts";
import { acceptedEvidence } from "./evidence.ts";
import { MAX_REPLY_BYTES } from "./host-messages.ts";
import { faultReply, type Reply, timedOutText } from "./reply.ts";
import { isRunnerErrorCode, type RunnerErrorCode } from "./runner-errors.ts";

/** Why a host did not answer. */
export interface HostFault {
  readonly code: RunnerErrorCode;
  readonly message: string;
}

const fault = (code: RunnerErrorCode, message: string): HostFault => ({ code, message });

export const faults = {
  timedOut: (ms: number) => fault("timed_out", timedOutText(ms)),
  loadTimedOut: (ms: number) =>
    fault("load_timed_out", `The runner's file did not load within ${ms} ms.`),
  tooMuchOutput: (bytes: number) =>
    fault("too_much_output", `The runner printed and logged more than ${bytes} bytes.`),
  exited: (exitCode: number | null, signal: string | number | null) =>
    fault(
      "exited",
      signal
        ? `The runner's process was ended by ${signal} before it returned.`
        : `The runner ended its process with exit code ${exitCode} before it returned.`,
    ),
  silent: (ms: number) => fault("host_silent", `The runner host took no work within ${ms} ms.`),
  nonsense: () => fault("host_nonsense", "The runner's process sent a result that cannot be read."),
  gone: () => fault("host_gone", "The runner host ended before it took work."),
} as const;

const STATUSES: ReadonlySet<unknown> = new Set(["pass", "fail", "error"]);

/**
 * The reply a host sent, checked: it was written in a process that runs foreign code. Throws if it
 * cannot be one.
 */
export function acceptedReply(json: string): Reply {
  if (Buffer.byteLength(json) > MAX_REPLY_BYTES) {
    const message = `The runner's result has more than ${MAX_REPLY_BYTES} bytes.`;
    return faultReply("result_too_large", message);
  }
  const { evidence, ...reply } = JSON.parse(json) as Reply;
  if (!STATUSES.has(reply.status)) throw new TypeError("A reply has no status.");
  if (reply.errorCode !== undefined && !isRunnerErrorCode(reply.errorCode)) {
    throw new TypeError("A reply has a code of nobody.");
  }
  if (nestsTooDeep(reply)) {
    const message = "The runner's result nests too deep to be kept.";
    const tooDeep = faultReply("result_too_deep", message);
    return { ...tooDeep, ...present({ durationMs: reply.durationMs }) };
  }
  const accepted = cleanJson(reply) as Reply;
  return { ...accepted, ...present({ evidence: acceptedEvidence(evidence) }) };
}
