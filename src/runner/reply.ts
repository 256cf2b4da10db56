/**
 * From what a runner function returned or threw to a reply that can travel. Pure.
 *
 * Whatever the value is, there is a reply: one that is no proper result is an `error` that names
 * what came.
 */
import type { ErrorSource, ResultStatus } from "../domain/result.ts";
import { present } from "../lib/present.ts";
import type { Evidence } from "./evidence.ts";
import { clip, MAX_REPLY_BYTES } from "./host-messages.ts";
import { RUNNER_ERRORS, type RunnerErrorCode, RunnerFault } from "./runner-errors.ts";

export interface Reply {
  readonly status: ResultStatus;
  /** The name the function gave its result. */
  readonly reportedName?: string;
  readonly details?: unknown;
  readonly errorMessage?: string;
  readonly errorCode?: RunnerErrorCode;
  /** Present if and only if the runner gave no result of its own. */
  readonly errorSource?: ErrorSource;
  readonly durationMs?: number;
  /** What the page looked like when a runner that used the browser did not pass. */
  readonly evidence?: Evidence;
}

const MAX_NAME = 128;

/** The reply of a function that gave no result, with the reason as a sentence. */
export function faultReply(errorCode: RunnerErrorCode, errorMessage: string): Reply {
  const errorSource = RUNNER_ERRORS[errorCode];
  return { status: "error", errorMessage: clip(errorMessage), errorCode, errorSource };
}

/** The reply for what a function resolved with. */
export function returnedReply(value: unknown): Reply {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalidResult(`The runner returned ${describe(value)} instead of a result object.`);
  }
  const { details, errorMessage, name, status } = value as Record<string, unknown>;
  if (status !== "pass" && status !== "fail" && status !== "error") {
    const shown = status === undefined ? "without a status" : `with the status ${describe(status)}`;
    return invalidResult(`The runner returned a result ${shown}; it is "pass", "fail" or "error".`);
  }
  return {
    status,
    ...present({
      reportedName: typeof name === "string" && name !== "" ? name.slice(0, MAX_NAME) : undefined,
      details,
      errorMessage: messageOf(errorMessage),
    }),
  };
}

function invalidResult(message: string): Reply {
  return faultReply("invalid_result", message);
}

function messageOf(value: unknown): string | undefined {
  if (value instanceof Error) return clip(thrownText(value));
  return typeof value === "string" && value !== "" ? clip(value) : undefined;
}

/** The reply for what a function threw. */
export function thrownReply(thrown: unknown): Reply {
  if (!(thrown instanceof RunnerFault)) return faultReply("thrown", thrownText(thrown));
  return {
    ...faultReply(thrown.code, thrown.message),
    ...present({ details: thrown.details }),
  };
}

/** Said by the server, and by a host that still can. */
export function timedOutText(ms: number): string {
  return `The runner did not end within ${ms} ms.`;
}

/** What a person would want to read of a thrown value. */
export function thrownText(thrown: unknown): string {
  if (thrown instanceof Error) return Bun.stripANSI(thrown.message) || thrown.name;
  if (typeof thrown === "string" && thrown !== "") return thrown;
  return `The runner threw ${describe(thrown)}, which is not an Error.`;
}

/** JSON of the reply; of an `error` if it cannot be written or is too large. */
export function encodeReply({ evidence, ...reply }: Reply, durationMs: number): string {
  try {
    const json = JSON.stringify({ ...reply, durationMs });
    const bytes = Buffer.byteLength(json);
    if (bytes <= MAX_REPLY_BYTES) return withEvidence(json, evidence);
    const message = `The runner's result has ${bytes} bytes; at most ${MAX_REPLY_BYTES} are kept.`;
    return JSON.stringify({ ...faultReply("result_too_large", message), durationMs });
  } catch (error) {
    const message = `The runner's result cannot be written as JSON: ${thrownText(error)}.`;
    const fault = faultReply("result_not_json", message.replace(/\.\.$/, "."));
    return JSON.stringify({ ...fault, durationMs });
  }
}

/** Evidence that makes a result too large is left out: the result counts more. */
function withEvidence(json: string, evidence: Evidence | undefined): string {
  if (!evidence) return json;
  const whole = `${json.slice(0, -1)},"evidence":${JSON.stringify(evidence)}}`;
  return Buffer.byteLength(whole) <= MAX_REPLY_BYTES ? whole : json;
}

/** Names a value of any kind in a sentence. */
function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 64));
  if (typeof value === "function") return "a function";
  if (typeof value === "object")
    return `an object ${Bun.inspect(value).replace(/\s+/g, " ").slice(0, 200)}`;
  return `the ${typeof value} ${String(value)}`;
}
