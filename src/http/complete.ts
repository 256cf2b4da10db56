/**
 * Answers as they leave: every one with the headers of every answer and a request id, whoever made
 * it. What a route said of its own answer stays.
 */
import { newId } from "../lib/ids.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

/** Stands on an answer that is complete. */
const REQUEST_ID = "x-request-id";

const COMMON = Object.entries(SECURITY_HEADERS);
/** Made once: to copy headers costs a fraction of making them. */
const JSON_HEADERS = new Headers({
  ...SECURITY_HEADERS,
  "content-type": "application/json;charset=utf-8",
});

export function newRequestId(): string {
  return newId("req");
}

/** The answer itself, with the headers that it lacks. */
export function complete(response: Response, requestId = newRequestId()): Response {
  const { headers } = response;
  if (headers.has(REQUEST_ID)) return response;
  for (const [name, value] of COMMON) {
    if (!headers.has(name)) headers.set(name, value);
  }
  headers.set(REQUEST_ID, requestId);
  return response;
}

/** A value as JSON, complete at once, at half of what the framework takes for it. */
export function answerJson(
  value: object,
  headers: Readonly<Record<string, unknown>>,
  status = 200,
): Response {
  const response = new Response(JSON.stringify(value), { status, headers: JSON_HEADERS });
  for (const name in headers) response.headers.set(name, String(headers[name]));
  response.headers.set(REQUEST_ID, newRequestId());
  return response;
}

/** What hooks and handlers may say of an answer beside its value. */
interface AnswerSettings {
  headers: Readonly<Record<string, unknown>>;
  status?: unknown;
}

/** The hook that makes answers of plain objects. All others it leaves to the framework. */
export function answerObject(context: {
  readonly responseValue?: unknown;
  readonly set: AnswerSettings;
}): Response | undefined {
  const { responseValue, set } = context;
  const { headers, status } = set;
  if (!isPlain(responseValue) || typeof status !== "number") return undefined;
  // They are on the answer: the framework would make another one to put them there.
  set.headers = {};
  set.status = 200;
  return answerJson(responseValue, headers, status);
}

function isPlain(value: unknown): value is object {
  return (value as object | null | undefined)?.constructor === Object;
}
