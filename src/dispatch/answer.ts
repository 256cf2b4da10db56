/**
 * What an endpoint answered, as results. Pure. The endpoint is not trusted: whatever the text is,
 * it becomes one result per requested runner or a failure in one sentence.
 */
import type { RequestedRunner } from "../domain/job.ts";
import { ERROR_CODE, type ErrorSource, type Result, unanswered } from "../domain/result.ts";
import { cleanJson, cleanText, nestsTooDeep } from "../lib/json.ts";
import { present } from "../lib/present.ts";
import type { Redactor } from "../lib/redactor.ts";
import type { JobOutcome } from "./dispatch.ts";

const MAX_LOGS = 50;
const MAX_NAME = 128;
const MAX_REGION = 128;
const MAX_TEXT = 8_192;

/** A failure without results. `error` is one sentence; it may quote the endpoint. */
export function failure(errorCode: string, errorSource: ErrorSource, error: string): JobOutcome {
  return { state: "failed", error: cleanText(error), errorCode, errorSource };
}

/** A body as JSON, or one sentence about why it is none. */
export type AnswerBody = { readonly value: unknown } | { readonly fault: string };

/** Plain JSON or JSON wrapped in `{"json": …}`, without what the redactor knows to be secret. */
export function parseBody(text: string, redactor: Redactor): AnswerBody {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    const fault = text.trim() === "" ? "an empty body" : "a body that is not JSON";
    return { fault: `The endpoint answered ${fault}.` };
  }
  if (nestsTooDeep(parsed)) return { fault: "The endpoint answered JSON that nests too deep." };
  const value = redactor.value(parsed);
  const wrapped = isObject(value) && isObject(value["json"]) && Object.keys(value).length === 1;
  return { value: wrapped ? value["json"] : value };
}

/**
 * The outcome told by the body of a 2xx answer. Results are matched by index, because an endpoint
 * names them as its functions do. Fewer than asked fail the job, with those that came kept; a
 * surplus is dropped.
 */
export function readAnswer(body: AnswerBody, runners: readonly RequestedRunner[]): JobOutcome {
  if ("fault" in body) return failure("bad_body", "transport", body.fault);
  const { region, results: raw } = isObject(body.value) ? body.value : {};
  if (!Array.isArray(raw)) {
    return failure("bad_body", "transport", 'The endpoint answered JSON without "results".');
  }
  const reportedRegion = textOrNothing(region, MAX_REGION);
  const said = reportedRegion === undefined ? undefined : { reportedRegion };
  if (raw.length >= runners.length) {
    const results = runners.map(({ name }, index) => toResult(name, raw[index]));
    return { state: "completed", results, ...said };
  }
  const error = `The endpoint answered ${raw.length} of ${runners.length} results.`;
  const results = runners.map(({ name }, index) =>
    index < raw.length
      ? toResult(name, raw[index])
      : unanswered(name, { error, errorCode: "missing_results", errorSource: "transport" }),
  );
  return { ...failure("missing_results", "transport", error), results, ...said };
}

/** An error of the SDK's runner server, which it answers with status 500. */
export interface EndpointError {
  readonly code: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The SDK error in a body, if it is one. */
export function readEndpointError(body: AnswerBody): EndpointError | undefined {
  if ("fault" in body || !isObject(body.value)) return undefined;
  const { code, data, defined, message } = body.value;
  // `defined` marks the SDK's errors; a problem (RFC 9457) has a code as well.
  if (typeof code !== "string" || defined !== true) return undefined;
  return {
    code,
    message: typeof message === "string" ? clip(message, MAX_TEXT) : "",
    data: isObject(data) ? data : {},
  };
}

/** The `detail` of a problem (RFC 9457) in a body, for a person; empty if there is none. */
export function problemDetail(body: AnswerBody): string {
  const detail = "value" in body && isObject(body.value) ? body.value["detail"] : undefined;
  return typeof detail === "string" ? detail : "";
}

function toResult(name: string, raw: unknown): Result {
  if (!isObject(raw)) return invalid(name, "a result that is not an object");
  const { status } = raw;
  if (status !== "pass" && status !== "fail" && status !== "error") {
    const shown = typeof status === "string" ? `"${clip(status, 64)}"` : typeof status;
    return invalid(name, `a result whose status is ${shown}`);
  }
  const failed = status === "error";
  return {
    name,
    status,
    ...present({
      reportedName: reportedName(name, raw["name"], failed),
      details: cleanJson(raw["details"]),
      errorMessage: textOrNothing(raw["errorMessage"], MAX_TEXT),
      errorCode: failed ? errorCode(raw["errorCode"]) : undefined,
      errorSource: failed ? errorSource(raw["errorSource"]) : undefined,
      durationMs: milliseconds(raw["durationMs"]),
      logs: toLogs(raw["logs"]),
    }),
  };
}

function invalid(name: string, what: string): Result {
  const error = `The endpoint answered ${what}.`;
  return unanswered(name, { error, errorCode: "invalid_result", errorSource: "transport" });
}

/** A function that threw has reported no name; the SDK says "unknown" then. */
function reportedName(name: string, reported: unknown, failed: boolean): string | undefined {
  if (reported === name || (failed && reported === "unknown")) return undefined;
  return textOrNothing(reported, MAX_NAME);
}

function errorCode(code: unknown): string | undefined {
  return typeof code === "string" && ERROR_CODE.test(code) ? code : undefined;
}

/** An endpoint may blame the page, its runner or the clock, but not us. */
function errorSource(source: unknown): ErrorSource {
  return source === "target" || source === "timeout" ? source : "runner";
}

function milliseconds(value: unknown): number | undefined {
  if (typeof value !== "number" || !(value >= 0)) return undefined;
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

function toLogs(value: unknown): Result["logs"] | undefined {
  if (!Array.isArray(value)) return undefined;
  const lines = value.slice(-MAX_LOGS).flatMap((line: unknown) => {
    if (!isObject(line)) return [];
    const { at, message, meta } = line;
    const time = typeof at === "string" ? Date.parse(at) : NaN;
    if (typeof message !== "string" || Number.isNaN(time)) return [];
    const entry = { at: new Date(time).toISOString(), message: clip(message, MAX_TEXT) };
    return [{ ...entry, ...present({ meta: cleanJson(meta) }) }];
  });
  return lines.length > 0 ? lines : undefined;
}

function textOrNothing(value: unknown, max: number): string | undefined {
  return typeof value === "string" && value !== "" ? clip(value, max) : undefined;
}

function clip(text: string, max: number): string {
  return cleanText(text.length > max ? `${text.slice(0, max - 1)}…` : text);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
