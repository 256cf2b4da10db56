/**
 * Execute: runners of this server on one URL, one after the other.
 *
 * Speaks the SDK's wire protocol: a body wrapped in `{"json": …}` is answered in the same wrapping,
 * and results stand in request order under the names the functions gave them.
 */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { present } from "../../lib/present.ts";
import type { RunnerPool } from "../../runner/pool.ts";
import { problems } from "../problem.ts";
import { readJson } from "../read-json.ts";
import {
  ExecuteAnswer,
  ExecuteRequest,
  isWrapped,
  RunnerNotFound,
  runnerNotFound,
  wireResult,
  withNamedRunners,
  WrappedAnswer,
} from "../runner-wire.ts";

export interface ExecuteRoutesDeps {
  readonly runners: Pick<RunnerPool, "catalog" | "execute">;
  /** What runners see as `ctx.region`; the request's region if there is none. */
  readonly region?: string;
  /** Largest body, in bytes. */
  readonly maxBody: number;
  /** Lets a connection be silent for as long as its job takes. */
  readonly keepOpen: (request: Request) => void;
}

export function executeRoutes({ keepOpen, maxBody, region, runners }: ExecuteRoutesDeps) {
  /** Requests whose body was wrapped; their answers are wrapped too. */
  const wrapped = new WeakSet<Request>();
  const readBody = async (request: Request): Promise<unknown> => {
    const body = await readJson(request, maxBody);
    if (!isWrapped(body)) return withNamedRunners(body);
    wrapped.add(request);
    return withNamedRunners(body.json);
  };
  return new Elysia({ tags: ["runners"] }).post(
    "/execute",
    async ({ body, request, status }) => {
      const { runners: known } = await runners.catalog();
      const asked = body.runners.map(({ input, name }) => ({ name, ...present({ input }) }));
      const missing = asked.filter(({ name }) => !known.has(name));
      if (missing.length > 0) return status(500, runnerNotFound(missing, [...known.keys()]));
      keepOpen(request);
      const place = present({ region: region ?? body.region, runId: body.runId });
      const job = { url: body.url, runners: asked, ...place };
      const results = await runners.execute(job, request.signal).catch((error: unknown) => {
        if (request.signal.aborted) return undefined;
        throw error;
      });
      if (!results) return clientIsGone();
      const answer: ExecuteAnswer = { ...place, results: results.map(wireResult) };
      return wrapped.has(request) ? { json: answer } : answer;
    },
    {
      body: ExecuteRequest,
      parse: ({ request }) => readBody(request),
      response: {
        200: Type.Union([ExecuteAnswer, WrappedAnswer], {
          description: "One result per runner, in request order; wrapped as the request was.",
        }),
        500: RunnerNotFound,
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

/** Nobody will read it; 499 is what proxies log for a request that its client gave up. */
function clientIsGone(): never {
  return new Response(null, { status: 499 }) as never;
}
