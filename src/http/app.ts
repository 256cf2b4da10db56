/**
 * The root Elysia app both servers are built on: a request id on every answer, a problem for every
 * failure, 405 on a known path, and nothing that tells a stranger about the inside.
 *
 * Guard and hooks stand on the root, before any route: those of a plugin would be local to it.
 */
import { type AnyElysia, Elysia, NotFoundError, ParseError, ValidationError } from "elysia";

import { AppError } from "../domain/errors.ts";
import type { Log } from "../lib/log.ts";
import { answerObject, complete, newRequestId } from "./complete.ts";
import { ownRequest } from "./own-request.ts";
import { problemResponse } from "./problem.ts";
import { schemaFaults } from "./schema-faults.ts";

/** What a guard is told of a request, and where it says which headers the answer needs. */
export interface Guarded {
  readonly request: Request;
  readonly headers: Record<string, string>;
}

/** Sees every request first. Throws AppError, or gives an answer, if it is to go no further. */
export type Guard = (guarded: Guarded) => Response | undefined | Promise<Response | undefined>;

/**
 * An app without routes; they are added with `.use`. `hint`: where they are, for whoever asks
 * elsewhere. Nothing is routed that `guard` did not pass.
 */
export function createApp(log: Log, hint: string, guard?: Guard) {
  const nothing = { code: "not_found", message: `There is nothing here; ${hint}.` } as const;
  const app = new Elysia({ normalize: false })
    .wrap((answer) => answering(answer as unknown as Answer, log, guard))
    .mapResponse(answerObject)
    .onError(({ error, path, request }) => {
      const requestId = newRequestId();
      // Told by class: any thrown object may carry a code of the framework's.
      const cause = error instanceof ParseError ? error.cause : error;
      const nowhere = (): Response => problemResponse(nothing, requestId);
      if (cause instanceof NotFoundError) {
        const refusal = notAllowed(app, request.method, path, requestId);
        return complete(refusal ?? nowhere(), requestId);
      }
      const answer = isUndecodable(cause) ? nowhere() : failed(log, request, cause, requestId);
      return complete(answer, requestId);
    });
  return app;
}

type Answer = (request: Request) => Response | Promise<Response>;

/** Completes every answer, and is the last resort: the framework itself fails on `throw undefined`. */
function answering(answer: Answer, log: Log, guard: Guard | undefined): Answer {
  return async (request) => {
    const headers: Guarded["headers"] = {};
    let response: Response;
    try {
      const early = guard?.({ request, headers });
      const passed = early instanceof Promise ? await early : early;
      response = complete(passed ?? (await answer(request)));
    } catch (error) {
      const requestId = newRequestId();
      response = complete(failed(log, request, error, requestId), requestId);
    }
    for (const name in headers) response.headers.set(name, headers[name] ?? "");
    return response;
  };
}

/** The app's fetch for whatever a server hands over. No route is added to the app after it. */
export function safeFetch(app: AnyElysia): (request: Request) => Promise<Response> {
  // Put together now, and not by the first request: the collection of garbage that the framework
  // asks for with it is over by then.
  const answer = app.fetch as (request: Request) => Promise<Response>;
  return (handedOver) => answer(ownRequest(handedOver));
}

/** The answer to a failure: the caller is told what is for the caller to know. */
function failed(log: Log, request: Request, cause: unknown, requestId: string): Response {
  if (cause instanceof AppError) return problemResponse(cause, requestId);
  if (!(cause instanceof ValidationError) || cause.type === "response") {
    return defect(log, request, cause, requestId);
  }
  return problemResponse(invalidRequest(cause), requestId);
}

/** A path that does not decode names nothing. */
function isUndecodable(cause: unknown): boolean {
  return cause instanceof ValidationError && cause.type === "params";
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

/** The answer on a known path; undefined on any other. */
function notAllowed(
  app: AnyElysia,
  method: string,
  path: string,
  requestId: string,
): Response | undefined {
  const allowed = allowedMethods(app, path);
  if (allowed.length === 0) return undefined;
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
