/**
 * The root Elysia app both servers are built on: a request id on every answer, a problem for every
 * failure, 405 on a known path, and nothing that tells a stranger about the inside.
 *
 * The hooks stand on the root, before any route: those of a plugin would be local to it.
 */
import { type AnyElysia, Elysia } from "elysia";

import { AppError } from "../domain/errors.ts";
import { newId } from "../lib/ids.ts";
import type { Log } from "../lib/log.ts";
import { problemResponse } from "./problem.ts";
import { schemaFaults } from "./schema-faults.ts";

const REQUEST_ID = "x-request-id";

/** An app without routes; they are added with `.use`. */
export function createApp(log: Log) {
  const app = new Elysia({ normalize: false })
    .onRequest(({ set }) => {
      set.headers[REQUEST_ID] = newId("req");
    })
    .onError(({ code, error, path, request, set }) => {
      const requestId = set.headers[REQUEST_ID] ?? newId("req");
      const cause = code === "PARSE" ? error.cause : error;
      if (cause instanceof AppError) return problemResponse(cause, requestId);
      if (code === "VALIDATION" && error.type !== "response") {
        const { validator, value } = error;
        const faults = "Errors" in validator ? schemaFaults(validator.Errors(value)) : [];
        const refusal = new AppError("invalid_request", "The request is not valid.", { faults });
        return problemResponse(refusal, requestId);
      }
      if (code === "NOT_FOUND") return noRoute(app, request.method, path, requestId);
      log.error("request failed", { requestId, method: request.method, path, error: cause });
      const message = "The server failed to answer; its log has this request id.";
      return problemResponse({ code: "internal", message }, requestId);
    });
  return app;
}

function noRoute(app: AnyElysia, method: string, path: string, requestId: string): Response {
  const allowed = allowedMethods(app, path);
  if (allowed.length === 0) {
    return problemResponse({ code: "not_found", message: "There is nothing here." }, requestId);
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
      pattern.every((part, index) => part.startsWith(":") || part === asked[index]);
    if (!matches) continue;
    methods.add(route.method);
    if (route.method === "GET") methods.add("HEAD");
  }
  return [...methods].toSorted();
}

function segments(path: string): string[] {
  return path.replace(/\/$/, "").split("/");
}
