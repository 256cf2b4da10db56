/**
 * The root Elysia app both servers are built on: a request id on every answer, a problem for every
 * failure, 405 on a known path, and nothing that tells a stranger about the inside.
 *
 * The hooks stand on the root, before any route: those of a plugin would be local to it.
 */
import { type AnyElysia, Elysia, NotFoundError, ParseError, ValidationError } from "elysia";

import { AppError } from "../domain/errors.ts";
import { newId } from "../lib/ids.ts";
import type { Log } from "../lib/log.ts";
import { ownRequest } from "./own-request.ts";
import { problemResponse } from "./problem.ts";
import { schemaFaults } from "./schema-faults.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

const REQUEST_ID = "x-request-id";

const NOTHING_HERE = { code: "not_found", message: "There is nothing here." } as const;

/** An app without routes; they are added with `.use`. */
export function createApp(log: Log) {
  const app = new Elysia({ normalize: false })
    .onRequest(({ set }) => {
      Object.assign(set.headers, SECURITY_HEADERS);
      set.headers[REQUEST_ID] = newId("req");
    })
    .onError(({ error, path, request, set }) => {
      const requestId = set.headers[REQUEST_ID] ?? newId("req");
      // Told by class: any thrown object may carry a code of the framework's.
      const cause = error instanceof ParseError ? error.cause : error;
      if (cause instanceof AppError) return problemResponse(cause, requestId);
      if (cause instanceof NotFoundError) return noRoute(app, request.method, path, requestId);
      if (cause instanceof ValidationError && cause.type !== "response") {
        // A path that does not decode names nothing.
        if (cause.type === "params") return problemResponse(NOTHING_HERE, requestId);
        return problemResponse(invalidRequest(cause), requestId);
      }
      return defect(log, request, cause, requestId);
    });
  return app;
}

/**
 * The app's fetch for whatever a server hands over, with a last resort: the framework itself fails
 * on `throw undefined`.
 */
export function safeFetch(app: AnyElysia, log: Log): (request: Request) => Promise<Response> {
  return async (handedOver) => {
    const request = ownRequest(handedOver);
    try {
      return await app.fetch(request);
    } catch (error) {
      const requestId = newId("req");
      const response = defect(log, request, error, requestId);
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
        response.headers.set(name, value);
      }
      response.headers.set(REQUEST_ID, requestId);
      return response;
    }
  };
}

function invalidRequest({ validator, value }: ValidationError): AppError {
  const faults = "Errors" in validator ? schemaFaults(validator.Errors(value)) : [];
  return new AppError("invalid_request", "The request is not valid.", { faults });
}

/** The answer to whatever nobody expected: told to the log, not to the caller. */
function defect(log: Log, request: Request, error: unknown, requestId: string): Response {
  const path = new URL(request.url).pathname;
  log.error("request failed", { requestId, method: request.method, path, error });
  const message = "The server failed to answer; its log has this request id.";
  return problemResponse({ code: "internal", message }, requestId);
}

function noRoute(app: AnyElysia, method: string, path: string, requestId: string): Response {
  const allowed = allowedMethods(app, path);
  if (allowed.length === 0) {
    return problemResponse(NOTHING_HERE, requestId);
  }
  const allow = allowed.join(", ");
  const message = `${method} is not allowed here; allowed: ${allow}.`;
  return problemResponse({ code: "method_not_allowed", message }, requestId, { allow });
}

/** The methods of all routes whose path matches; `:name` stands for one segment. */
function allowedMethods(app: AnyElysia, path: string): string[] {
  const asked = segments(path);
  const methods = new Set<string>();
  for (const route of app.routes) {
    const pattern = segments(route.path);
    const matches =
      pattern.length === asked.length &&
      pattern.every((part, index) =>
        part.startsWith(":") ? asked[index] !== "" : part === asked[index],
      );
    if (!matches) continue;
    methods.add(route.method);
    if (route.method === "GET") methods.add("HEAD");
  }
  return [...methods].toSorted();
}

function segments(path: string): string[] {
  return path.replace(/\/$/, "").split("/");
}
