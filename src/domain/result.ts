/**
 * Result: what one requested runner said in one region.
 *
 * Every requested runner gets exactly one, so a runner that could not be asked gets an `error`
 * that says why (`unanswered`).
 */
import { type Static, Type } from "@sinclair/typebox";

import type { Redactor } from "../lib/redactor.ts";
import { type ExpectedStatus, Verdict, verdictOf } from "./expectation.ts";

export const ResultStatus = Type.Union(
  [Type.Literal("pass"), Type.Literal("fail"), Type.Literal("error")],
  { description: "`pass` and `fail` are verdicts; `error` means that there is no verdict." },
);
export type ResultStatus = Static<typeof ResultStatus>;

export const ErrorSource = Type.Union(
  [
    Type.Literal("target"),
    Type.Literal("runner"),
    Type.Literal("transport"),
    Type.Literal("timeout"),
    Type.Literal("cancelled"),
    Type.Literal("orchestrator"),
  ],
  {
    description:
      "Who failed: the page under test, the runner function, the way to the endpoint, a time limit, somebody who cancelled, or the orchestrator itself.",
  },
);
export type ErrorSource = Static<typeof ErrorSource>;

export const ResultLog = Type.Object(
  {
    at: Type.String({ format: "date-time", description: "When the line was logged." }),
    message: Type.String({ description: "The text given to `ctx.log`." }),
    meta: Type.Optional(Type.Unknown({ description: "The data given to `ctx.log`." })),
  },
  { additionalProperties: false },
);

/** What a result's code looks like; what an endpoint sends instead is dropped. */
export const ERROR_CODE = /^[a-z0-9_]{1,64}$/;

export const Result = Type.Object(
  {
    name: Type.String({ description: "The runner's name, as requested." }),
    reportedName: Type.Optional(
      Type.String({ description: "The name the function returned, when it is another." }),
    ),
    status: ResultStatus,
    verdict: Type.Optional(Verdict),
    details: Type.Optional(
      Type.Unknown({ description: "Whatever the runner returned as details." }),
    ),
    errorMessage: Type.Optional(Type.String({ description: "Why there is no verdict." })),
    errorCode: Type.Optional(
      Type.String({
        pattern: ERROR_CODE.source,
        description:
          "A stable code for `errorMessage`, such as `invalid_input`, `timed_out` or `browser_not_found`.",
        examples: ["invalid_input"],
      }),
    ),
    errorSource: Type.Optional(ErrorSource),
    durationMs: Type.Optional(
      Type.Integer({ minimum: 0, description: "How long the runner took, in milliseconds." }),
    ),
    logs: Type.Optional(
      Type.Array(ResultLog, { description: "The last 50 lines the runner logged." }),
    ),
  },
  { additionalProperties: false, description: "The answer of one runner in one region." },
);
export type Result = Static<typeof Result>;

/** The results with a verdict each; `expected`: in the same order. */
export function judged(results: readonly Result[], expected: readonly ExpectedStatus[]): Result[] {
  return results.map((result, index) => ({
    ...result,
    verdict: verdictOf(result.status, expected[index] ?? "pass"),
  }));
}

/** Why a runner has no answer of its own. */
export interface Unanswered {
  readonly error: string;
  readonly errorCode?: string;
  readonly errorSource: ErrorSource;
}

/** The `error` result of a runner that was requested and never answered. */
export function unanswered(name: string, why: Unanswered): Result {
  const { error, errorCode, errorSource } = why;
  const code = errorCode === undefined ? {} : { errorCode };
  return { name, status: "error", errorMessage: error, ...code, errorSource };
}

/** The result without secrets; it keeps its name, whatever a runner is called. */
export function withoutSecrets(result: Result, redactor: Redactor): Result {
  const clean = redactor.value(result) as Result;
  return clean.name === result.name ? clean : { ...clean, name: result.name };
}

export interface ResultCounts {
  readonly passed: number;
  readonly failed: number;
  readonly errored: number;
}

export function countResults(results: readonly Result[]): ResultCounts {
  const counts = { passed: 0, failed: 0, errored: 0 };
  for (const { status } of results) {
    counts[status === "pass" ? "passed" : status === "fail" ? "failed" : "errored"]++;
  }
  return counts;
}

export interface VerdictCounts {
  readonly expected: number;
  readonly unexpected: number;
}

/** Of results that carry verdicts; those of `total` that are missing are none that was expected. */
export function countVerdicts(results: readonly Result[], total: number): VerdictCounts {
  const expected = results.filter(({ verdict }) => verdict === "expected").length;
  return { expected, unexpected: total - expected };
}
