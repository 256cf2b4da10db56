/**
 * The SDK's wire protocol between an orchestrator and a runner server: shapes, and the translation
 * from and to ours. Pure.
 */
import { type Static, Type } from "@sinclair/typebox";

import { HTTP_URL_PATTERN, NOT_AN_HTTP_URL } from "../domain/http-url.ts";
import type { RequestedRunner } from "../domain/job.ts";
import { ErrorSource, type Result, ResultLog, ResultStatus } from "../domain/result.ts";
import { RUNNER_NAME } from "../domain/run.ts";
import { present } from "../lib/present.ts";

const RunnerName = Type.String({
  ...RUNNER_NAME,
  description: "The runner function to execute.",
});

/** Unknown fields pass: other orchestrators may send more than we need. */
export const ExecuteRequest = Type.Object(
  {
    url: Type.String({
      pattern: HTTP_URL_PATTERN,
      error: NOT_AN_HTTP_URL,
      maxLength: 8192,
      description: "The URL under test; overrides `input.url`.",
      examples: ["https://example.com"],
    }),
    runners: Type.Array(
      Type.Object(
        {
          name: RunnerName,
          input: Type.Optional(
            Type.Object({}, { additionalProperties: true, description: "For the function." }),
          ),
        },
        { additionalProperties: true, description: "One runner." },
      ),
      { minItems: 1, description: "In the order of execution; a plain name stands for itself." },
    ),
    runId: Type.Optional(Type.String({ maxLength: 256, description: "Seen as `ctx.runId`." })),
    region: Type.Optional(
      Type.String({ maxLength: 256, description: "The region that is meant." }),
    ),
  },
  { additionalProperties: true, description: "Runners to execute on one URL." },
);

export type ExecuteRequest = Static<typeof ExecuteRequest>;

const WireResult = Type.Object(
  {
    name: Type.String({
      description: 'What the function named its result; "unknown" if it gave none.',
    }),
    status: ResultStatus,
    details: Type.Optional(Type.Unknown({ description: "What the function returned as details." })),
    errorMessage: Type.Optional(Type.String({ description: "Why there is no verdict." })),
    errorCode: Type.Optional(
      Type.String({ description: "A stable code for `errorMessage`, such as `timed_out`." }),
    ),
    errorSource: Type.Optional(ErrorSource),
    durationMs: Type.Optional(Type.Integer({ minimum: 0, description: "In milliseconds." })),
    logs: Type.Optional(Type.Array(ResultLog, { description: "The last lines it logged." })),
  },
  { additionalProperties: false, description: "The answer of one runner." },
);
type WireResult = Static<typeof WireResult>;

export const ExecuteAnswer = Type.Object(
  {
    region: Type.Optional(Type.String({ description: "Where the runners were executed." })),
    runId: Type.Optional(Type.String({ description: "As requested." })),
    results: Type.Array(WireResult, { description: "One per runner, in request order." }),
  },
  { additionalProperties: false, description: "What the runners answered." },
);
export type ExecuteAnswer = Static<typeof ExecuteAnswer>;

export const WrappedAnswer = Type.Object(
  { json: ExecuteAnswer },
  { additionalProperties: false, description: "The answer to a wrapped request." },
);

export const RunnerNotFound = Type.Object(
  {
    defined: Type.Literal(true, { description: "This error is part of the protocol." }),
    code: Type.Literal("RUNNER_NOT_FOUND", { description: "A stable code." }),
    status: Type.Literal(500, { description: "The HTTP status." }),
    message: Type.String({ description: "One sentence for a person." }),
    data: Type.Object(
      {
        missingRunners: Type.Array(Type.String(), { description: "Requested, and not here." }),
        availableRunners: Type.Array(Type.String(), { description: "What could be requested." }),
      },
      { additionalProperties: false, description: "Which names." },
    ),
  },
  { additionalProperties: false, description: "The SDK's error for names it does not know." },
);
export type RunnerNotFound = Static<typeof RunnerNotFound>;

export const WrappedRunnerNotFound = Type.Object(
  { json: RunnerNotFound },
  { additionalProperties: false, description: "The same error for a wrapped request." },
);

/** Whether a body is the wrapping of another one: the SDK's own client sends it so. */
export function isWrapped(body: unknown): body is { json: object } {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return false;
  const [key, ...others] = Object.keys(body);
  const json = (body as { json?: unknown }).json;
  return key === "json" && others.length === 0 && typeof json === "object" && json !== null;
}

/** The same body with plain names of runners, the older form, written out as objects. */
export function withNamedRunners(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return body;
  const { runners } = body as { runners?: unknown };
  if (!Array.isArray(runners)) return body;
  const named = runners.map((one: unknown) => (typeof one === "string" ? { name: one } : one));
  return { ...body, runners: named };
}

/** The SDK's error that lists every name it does not know. */
export function runnerNotFound(
  missing: readonly Pick<RequestedRunner, "name">[],
  availableRunners: string[],
): RunnerNotFound {
  return {
    defined: true,
    code: "RUNNER_NOT_FOUND",
    status: 500,
    message: "One or more runners not found",
    data: { missingRunners: [...new Set(missing.map(({ name }) => name))], availableRunners },
  };
}

/** A function that gave no result has named none. */
export function wireResult(result: Result): WireResult {
  const { details, durationMs, errorCode, errorMessage, errorSource, logs, status } = result;
  return {
    name: errorSource ? "unknown" : (result.reportedName ?? result.name),
    status,
    ...present({ details, errorMessage, errorCode, errorSource, durationMs, logs }),
  };
}
