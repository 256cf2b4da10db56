/**
 * One exchange with a server: a request out, a checked answer or one of our errors back.
 */
import type { Fault } from "../domain/errors.ts";
import { NotVolley, Refusal, ServerAway } from "./errors.ts";

/** What carries a request to its server: the network, or a handler inside this process. */
export type Carrier = (request: Request) => Promise<Response>;

/** Longest `Retry-After` that is believed, in milliseconds. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** Answers of proxies whose server is not there. */
const GATEWAY_STATUSES = new Set([502, 503, 504]);

/** The network as a carrier: the server decides how long an answer takes, and no redirect counts. */
export const network: Carrier = (request) =>
  fetch(request, { redirect: "manual", timeout: false } as RequestInit);

/**
 * The answer to a request if it is a success. Rejects with Refusal, ServerAway or NotVolley; when
 * the request's signal aborts, with its reason, or with ServerAway if that is a time limit.
 */
export async function exchange(carry: Carrier, request: Request): Promise<Response> {
  let response: Response;
  try {
    response = await carry(request);
  } catch (error) {
    throw transportFailure(request.signal.aborted ? request.signal.reason : error);
  }
  if (response.ok) return response;
  throw await failure(response);
}

/** The JSON of an answer. Rejects with NotVolley, or with ServerAway if it breaks off. */
export async function readJson(response: Response): Promise<unknown> {
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    throw transportFailure(error);
  }
  try {
    return JSON.parse(text);
  } catch {
    const type = response.headers.get("content-type")?.split(";")[0] ?? "something";
    throw new NotVolley(`answered ${type} instead of JSON`);
  }
}

/** The error codes of a connection that was never made, and what they mean. */
const UNSENT = new Map([
  ["ECONNREFUSED", "refused the connection"],
  ["ConnectionRefused", "refused the connection"],
  ["ENOTFOUND", "has a host name that does not resolve"],
  ["EAI_AGAIN", "has a host name that does not resolve"],
  ["EHOSTUNREACH", "cannot be reached"],
  ["ENETUNREACH", "cannot be reached"],
  ["FailedToOpenSocket", "cannot be reached"],
]);

const TLS_CODE = /CERT|SSL|TLS|SELF_SIGNED|VERIFY|ISSUER|HOSTNAME_MISMATCH/i;

/**
 * What fetch, or reading a body, rejected with; the runtime's own message helps nobody. An abort
 * that is no time limit was somebody's wish, and stays as it is.
 */
export function transportFailure(error: unknown): unknown {
  if (error instanceof DOMException) {
    return error.name === "TimeoutError" ? away("did not answer in time", error, false) : error;
  }
  const code = String((error as { code?: unknown } | null)?.code ?? "");
  const unsent = UNSENT.get(code);
  if (unsent !== undefined) return away(unsent, error, true);
  if (TLS_CODE.test(code)) return away(`failed the TLS handshake (${code})`, error, true);
  return away("closed the connection early", error, false);
}

function away(message: string, cause: unknown, unsent: boolean): ServerAway {
  return new ServerAway(message, { cause, unsent });
}

async function failure(response: Response): Promise<Error> {
  const { headers, status } = response;
  const text = await response.text().catch(() => "");
  const problem = readProblem(text);
  if (problem) {
    return new Refusal(problem, { status, retryAfterMs: retryAfterMs(headers, status) });
  }
  if (GATEWAY_STATUSES.has(status)) return away(`answered HTTP status ${status}`, undefined, false);
  if (status >= 300 && status < 400) {
    return new NotVolley(`answered a redirect to ${headers.get("location") ?? "nowhere"}`);
  }
  return new NotVolley(`answered HTTP status ${status} without saying why`);
}

function readProblem(text: string) {
  let problem: { code?: unknown; detail?: unknown; errors?: unknown } | null;
  try {
    problem = JSON.parse(text) as typeof problem;
  } catch {
    return undefined;
  }
  const { code, detail, errors } = problem ?? {};
  if (typeof code !== "string" || typeof detail !== "string") return undefined;
  return { code, detail, errors: Array.isArray(errors) ? errors.filter(isFault) : [] };
}

function isFault(value: unknown): value is Fault {
  const { message, path } = (value ?? {}) as Partial<Record<keyof Fault, unknown>>;
  return typeof path === "string" && typeof message === "string";
}

function retryAfterMs(headers: Headers, status: number): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const seconds = Number(headers.get("retry-after") ?? NaN);
  return seconds >= 0 ? Math.min(seconds * 1_000, LONGEST_RETRY_AFTER_MS) : 1_000;
}
