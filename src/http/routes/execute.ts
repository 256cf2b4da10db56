/**
 * Execute: runners of this server on one URL, one after the other.
 *
 * Speaks the SDK's wire protocol: a body wrapped in `{"json": …}` is answered in the same wrapping,
 * and results stand in request order under the names the functions gave them.
 */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { AppError } from "../../domain/errors.ts";
import { present } from "../../lib/present.ts";
import type { RunnerPool } from "../../runner/pool.ts";
import { ExecuteBodies } from "../execute-bodies.ts";
import { problems } from "../problem.ts";
import {
  ExecuteAnswer,
  ExecuteRequest,
  RunnerNotFound,
  runnerNotFound,
  wireResult,
  WrappedAnswer,
  WrappedRunnerNotFound,
} from "../runner-wire.ts";
import type { SignatureCheck } from "../signature-check.ts";

export interface ExecuteRoutesDeps {
  readonly runners: Pick<RunnerPool, "catalog" | "execute">;
  /** What runners see as `ctx.region`; the request's region if there is none. */
  readonly region?: string;
  /** Largest body, in bytes. */
  readonly maxBody: number;
  /** Lets a connection be silent for as long as its job takes. */
  readonly keepOpen: (request: Request) => void;
  /** Whether the server is stopping and takes nothing new. */
  readonly isDraining: () => boolean;
  /** The signature that requests must carry; without it none is looked for. */
  readonly signature?: Pick<SignatureCheck, "begin">;
}

export function executeRoutes(deps: ExecuteRoutesDeps) {
  const bodies = new ExecuteBodies(deps.maxBody, deps.signature);
  return new Elysia({ tags: ["runners"] }).post(
    "/execute",
    async ({ body, request, status }) => {
      if (deps.isDraining()) throw new AppError("draining", "This server is shutting down.");
      const { runners: known } = await deps.runners.catalog();
      const missing = body.runners.filter(({ name }) => !known.has(name));
      if (missing.length > 0) {
        return status(500, bodies.answer(request, runnerNotFound(missing, [...known.keys()])));
      }
      deps.keepOpen(request);
      const answer = await executed(body, request.signal, deps);
      if (!answer) return clientIsGone();
      return bodies.answer(request, answer);
    },
    {
      body: ExecuteRequest,
      parse: ({ request }) => bodies.read(request),
      response: {
        200: Type.Union([ExecuteAnswer, WrappedAnswer], {
          description: "One result per runner, in request order; wrapped as the request was.",
        }),
        500: Type.Union([RunnerNotFound, WrappedRunnerNotFound], {
          description: "The SDK's error for names this server does not know; nothing was executed.",
        }),
        ...problems(400, 401, 413, 415, 429, 503),
      },
      detail: {
        summary: "Execute runners",
        description:
          "The runners are executed one after the other. The job is stopped when the client goes away. A job that finds all hosts busy waits; when too many wait already it is refused with 429.",
      },
    },
  );
}

/** The answer to a request, or undefined if its client has gone. */
async function executed(
  { region: asked, runId, runners: requested, url }: ExecuteRequest,
  signal: AbortSignal,
  { region, runners }: ExecuteRoutesDeps,
): Promise<ExecuteAnswer | undefined> {
  const place = present({ region: region ?? asked, runId });
  const job = {
    url,
    runners: requested.map(({ input, name }) => ({ name, ...present({ input }) })),
    ...place,
  };
  try {
    const results = await runners.execute(job, signal);
    return { ...place, results: results.map(wireResult) };
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Nobody will read it; 499 is what proxies log for a request that its client gave up. */
function clientIsGone(): never {
  return new Response(null, { status: 499 }) as never;
}
