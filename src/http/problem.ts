/**
 * Problems: every error answer of the API, as RFC 9457 `application/problem+json`.
 *
 * One table maps codes to statuses, for the server and for the client. A problem never holds a
 * stack, a query, a schema, the submitted body or a secret.
 */
import { type Static, Type } from "@sinclair/typebox";

import type { AppError, ErrorCode } from "../domain/errors.ts";

export const PROBLEM_TYPE = "application/problem+json";

export const STATUS_OF: Readonly<Record<ErrorCode, ProblemStatus>> = {
  malformed_json: 400,
  invalid_request: 400,
  unsupported_media_type: 415,
  payload_too_large: 413,
  unauthorized: 401,
  insufficient_scope: 403,
  cross_origin: 403,
  unknown_host: 421,
  rate_limited: 429,
  missing_region: 422,
  unknown_region: 422,
  missing_url: 422,
  local_mode_unavailable: 422,
  unknown_runner: 422,
  missing_runners: 422,
  callbacks_unavailable: 422,
  callback_refused: 422,
  callback_not_found: 404,
  callback_not_settled: 409,
  run_conflict: 409,
  run_ended: 409,
  run_not_ended: 409,
  nothing_to_rerun: 409,
  run_not_found: 404,
  key_not_found: 404,
  not_found: 404,
  method_not_allowed: 405,
  at_capacity: 429,
  draining: 503,
  store_unavailable: 503,
  lease_lost: 503,
  internal: 500,
};

const MEANINGS = {
  400: "malformed JSON, or a request that breaks the schema or a limit; every fault is listed.",
  401: "the key or token is missing or wrong.",
  403: "the key has not the scope that is named, or a page of another origin asks.",
  404: "there is no such run, or key.",
  405: "another method is meant.",
  409: "the id is taken by a submit with another body.",
  413: "the body is too large.",
  415: "the content type is not application/json.",
  421: "the server does not answer to this host name.",
  422: "well-formed, but this server cannot carry it out.",
  429: "at capacity or above a limit; repeat after `Retry-After` seconds.",
  500: "a defect of the server.",
  503: "draining, or the run store is unavailable; repeat after `Retry-After` seconds.",
} as const;

const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

type ProblemStatus = keyof typeof TITLES;

/** Seconds after which a request refused with one of these is worth repeating. */
const RETRY_AFTER: { readonly [Status in ProblemStatus]?: string } = { 429: "1", 503: "5" };

/** What RFC 6750 asks for. */
const CHALLENGES: { readonly [Code in ErrorCode]?: string } = {
  unauthorized: "Bearer",
  insufficient_scope: 'Bearer error="insufficient_scope"',
};

export const Problem = Type.Object(
  {
    type: Type.String({ description: "`about:blank`: the code says it all." }),
    title: Type.String({ description: "The HTTP status in words." }),
    status: Type.Integer({ description: "The HTTP status." }),
    code: Type.String({ description: "A stable code, such as `unknown_region`." }),
    detail: Type.String({ description: "One sentence for a person." }),
    errors: Type.Optional(
      Type.Array(
        Type.Object(
          {
            path: Type.String({ description: "JSON Pointer (RFC 6901) into the request body." }),
            message: Type.String({ description: "What is wrong there." }),
          },
          { additionalProperties: false },
        ),
        { description: "Every fault found in the request." },
      ),
    ),
    requestId: Type.String({ description: "Also in the `x-request-id` header and in the log." }),
  },
  { additionalProperties: false, description: "What went wrong (RFC 9457)." },
);
export type Problem = Static<typeof Problem>;

/**
 * The problem answers of a route, for its `response` table. Problems are thrown, never returned, so
 * the framework has nothing to check: without the symbols of TypeBox it compiles nothing for them.
 */
export function problems<Status extends ProblemStatus>(
  ...statuses: readonly Status[]
): Record<Status, typeof Problem> {
  const plain = Object.fromEntries(Object.entries(Problem));
  const entries = statuses.map((status) => [
    status,
    { ...plain, description: `${TITLES[status]}: ${MEANINGS[status]}` },
  ]);
  return Object.fromEntries(entries) as Record<Status, typeof Problem>;
}

/** Most faults listed in one answer: a body of 10 000 faulty runners must not become 10 MB. */
const MAX_FAULTS = 1_000;

/** The answer for an error a caller may see. */
export function problemResponse(
  error: Pick<AppError, "code" | "message"> & Partial<Pick<AppError, "faults" | "retryAfterS">>,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { code, faults = [], message, retryAfterS } = error;
  const status = STATUS_OF[code];
  const body: Problem = {
    type: "about:blank",
    title: TITLES[status],
    status,
    code,
    detail: message,
    ...(faults.length === 0 ? {} : { errors: faults.slice(0, MAX_FAULTS) }),
    requestId,
  };
  const retryAfter = retryAfterS?.toString() ?? RETRY_AFTER[status];
  const challenge = CHALLENGES[code];
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": PROBLEM_TYPE,
      "cache-control": "no-store",
      ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
      ...(challenge === undefined ? {} : { "www-authenticate": challenge }),
      ...headers,
    },
  });
}
