/**
 * Callbacks: whom a run tells of its end and how that went, and telling one of them once more.
 */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { CallbackId, CallbackList } from "../../domain/callback.ts";
import { AppError, runNotFound } from "../../domain/errors.ts";
import { RunId } from "../../domain/run.ts";
import type { CallbackStore } from "../../store/callbacks.ts";
import type { RunStore } from "../../store/store.ts";
import { RunParams } from "../params.ts";
import { problems } from "../problem.ts";

export interface CallbackRoutesDeps {
  /** Path the routes are served under. */
  readonly basePath: string;
  readonly store: Pick<RunStore, "findStatus">;
  readonly callbacks: {
    readonly store: Pick<CallbackStore, "findCallbacks" | "repeat">;
    /** Milliseconds since the epoch. */
    readonly now: () => number;
    /** One has become due. */
    readonly wake: () => void;
  };
}

const Repeated = Type.Object(
  { runId: RunId, callbackId: CallbackId },
  { additionalProperties: false, description: "The callback is due now." },
);

const CallbackParams = Type.Object({ ...RunParams.properties, callbackId: CallbackId });

export function callbackRoutes({ basePath, callbacks, store }: CallbackRoutesDeps) {
  return new Elysia({ prefix: basePath, tags: ["runs"] })
    .get(
      "/:runId/callbacks",
      async ({ params: { runId } }) => {
        if (!(await store.findStatus(runId))) throw runNotFound(runId);
        return { runId, callbacks: await callbacks.store.findCallbacks(runId) };
      },
      {
        params: RunParams,
        response: { 200: CallbackList, ...problems(404, 503) },
        detail: {
          summary: "The callbacks of a run",
          description:
            "Whom the run tells of its end: its `callbackUrl` and that of the configuration. Nothing of what a receiver answers is kept but the HTTP status.",
        },
      },
    )
    .post(
      "/:runId/callbacks/:callbackId/repeat",
      async ({ params: { callbackId, runId }, status }) => {
        const before = await callbacks.store.repeat(runId, callbackId, callbacks.now());
        if (before === undefined) {
          const message = `Run "${runId.slice(0, 128)}" has no callback "${callbackId.slice(0, 128)}".`;
          throw new AppError("callback_not_found", message);
        }
        if (before === "waiting" || before === "pending") {
          const message = `Callback "${callbackId}" is ${before}: it will be sent anyway.`;
          throw new AppError("callback_not_settled", message);
        }
        callbacks.wake();
        return status(202, { runId, callbackId });
      },
      {
        params: CallbackParams,
        response: { 202: Repeated, ...problems(404, 409, 503) },
        detail: {
          summary: "Send a callback again",
          description: "One that was delivered, given up or refused; with the same id and body.",
        },
      },
    );
}
