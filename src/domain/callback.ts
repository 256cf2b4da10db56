/**
 * Callbacks: what is POSTed to a receiver when a run has ended, and what is known of how that went.
 *
 * A callback is delivered at least once or given up visibly; its id and its body never change, so
 * that a receiver can tell a repetition.
 */
import { type Static, Type } from "@sinclair/typebox";

import { type RunHead, RunId } from "./run.ts";

export const CallbackState = Type.Union(
  [
    Type.Literal("waiting"),
    Type.Literal("pending"),
    Type.Literal("delivered"),
    Type.Literal("failed"),
    Type.Literal("refused"),
    Type.Literal("skipped"),
  ],
  {
    description:
      "`waiting` for the run's end, `pending` until the receiver has answered 2xx, `delivered`, `failed` (given up), `refused` (it leads where this server may not call) or `skipped` (nothing has changed, and it is for changes only).",
  },
);
export type CallbackState = Static<typeof CallbackState>;

export const CallbackId = Type.String({
  description: "Names the callback; also the `webhook-id` of each attempt.",
  examples: ["callback_01a20289-ef39-763d-af90-e7934298e215"],
});

const time = (description: string) =>
  Type.Optional(Type.String({ format: "date-time", description }));

export const Callback = Type.Object(
  {
    callbackId: CallbackId,
    source: Type.Union([Type.Literal("run"), Type.Literal("configuration")], {
      description: "Who asked for it: the run's `callbackUrl`, or this server's operator.",
    }),
    url: Type.Optional(
      Type.String({
        description:
          "Origin of the run's `callbackUrl`. Its path and query are not told: receivers keep their tokens there.",
        examples: ["https://ci.example.com"],
      }),
    ),
    state: CallbackState,
    attempts: Type.Integer({ minimum: 0, description: "How often it was tried." }),
    lastAttemptAt: time("The newest attempt."),
    lastStatus: Type.Optional(
      Type.Integer({ description: "The HTTP status that the newest attempt was answered with." }),
    ),
    lastError: Type.Optional(
      Type.String({ description: "Why the newest attempt did not succeed, in one sentence." }),
    ),
    nextAttemptAt: time("When it is tried again."),
    deliveredAt: time("When the receiver answered 2xx."),
  },
  { additionalProperties: false, description: "One receiver of a run's end." },
);
export type Callback = Static<typeof Callback>;

export const CallbackList = Type.Object(
  {
    runId: RunId,
    callbacks: Type.Array(Callback, { description: "In the order they were asked for." }),
  },
  { additionalProperties: false, description: "Whom a run tells of its end, and how that went." },
);

/** The body of a callback, as text: the same bytes for each attempt. `path`: of the run's summary. */
export function callbackBody(run: RunHead, path: string): string {
  const { completedAt, createdAt, durationMs, mode, parentRunId, runId, state, summary, tags } =
    run;
  const data = {
    runId,
    parentRunId,
    state,
    mode,
    tags,
    summary,
    createdAt,
    completedAt,
    durationMs,
  };
  return JSON.stringify({ type: "run.finished", timestamp: completedAt, data: { ...data, path } });
}
