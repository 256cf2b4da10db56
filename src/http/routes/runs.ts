/**
 * Runs: where one stands, its results, a list of them, and cancelling one.
 *
 * Handlers translate HTTP into calls of the orchestrator and the store, and nothing else.
 */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { runNotFound } from "../../domain/errors.ts";
import { State } from "../../domain/job.ts";
import { RunId, RunList, RunStatus, RunSummary } from "../../domain/run.ts";
import { present } from "../../lib/present.ts";
import type { Orchestrator } from "../../orchestrator/orchestrator.ts";
import { FORMATS } from "../../report/formats.ts";
import type { RunStore } from "../../store/store.ts";
import { compiledLater } from "../compiled-later.ts";
import { answerJson } from "../complete.ts";
import { entityTag, isFresh, NotModified, notModified } from "../conditional.ts";
import { originalRequest } from "../own-request.ts";
import { RunParams } from "../params.ts";
import { problems } from "../problem.ts";
import { ListQuery, listQuery, refuseRepeated, toCursor, waitMs, WaitQuery } from "../query.ts";
import { storedRun } from "../stored-run.ts";
import { streamedText } from "../streamed.ts";

export interface RunRoutesDeps {
  /** Path the routes are served under. */
  readonly basePath: string;
  readonly orchestrator: Pick<Orchestrator, "cancel" | "ended">;
  readonly store: Pick<RunStore, "findStatus" | "findRun" | "findJobs" | "listRuns">;
  /** Lets a connection be silent for as long as it takes. */
  readonly keepOpen: (request: Request) => void;
}

const Cancelled = Type.Object(
  { runId: RunId, state: State },
  { additionalProperties: false, description: "The run will end as `cancelled`, if it has not." },
);

const ListParameters = compiledLater(ListQuery);
const ListAnswer = compiledLater(RunList);

export function runRoutes({ basePath, keepOpen, orchestrator, store }: RunRoutesDeps) {
  return new Elysia({ prefix: basePath, tags: ["runs"] })
    .onTransform(refuseRepeated)
    .get(
      "",
      async ({ query }) => {
        const { filter, from, limit } = listQuery(query);
        const { next, runs } = await store.listRuns(filter, limit, from);
        const nextCursor = next === undefined ? undefined : toCursor(next);
        return { runs: [...runs], ...present({ nextCursor }) };
      },
      {
        query: ListParameters,
        response: { 200: ListAnswer, ...problems(400, 503) },
        detail: { summary: "List runs", description: "Newest first; all filters must fit." },
      },
    )
    .get(
      "/:runId/status",
      async ({ params: { runId }, query, request }) => {
        let status = found(await store.findStatus(runId), runId);
        const wait = waitMs(query);
        if (wait > 0 && isOpen(status)) {
          keepOpen(originalRequest(request));
          await orchestrator.ended(runId, wait);
          status = found(await store.findStatus(runId), runId);
        }
        const tag = entityTag(status);
        return isFresh(request, tag) ? notModified(tag) : answerJson(status, { etag: tag });
      },
      {
        params: RunParams,
        query: Type.Optional(WaitQuery),
        response: { 200: RunStatus, 304: NotModified, ...problems(400, 404, 503) },
        detail: {
          summary: "Where a run stands",
          description: "Live counts of the run's jobs. Carries an `ETag`.",
        },
      },
    )
    .get(
      "/:runId",
      async ({ params: { runId }, request }) => {
        const tag = entityTag(found(await store.findStatus(runId), runId));
        if (isFresh(request, tag)) return notModified(tag);
        const run = found(await store.findRun(runId), runId);
        const { contentType, write } = FORMATS.json;
        const headers = { "content-type": contentType, etag: tag };
        return streamedText(write(storedRun(run, store)), headers);
      },
      {
        params: RunParams,
        response: { 200: RunSummary, 304: NotModified, ...problems(404, 503) },
        detail: {
          summary: "The results of a run",
          description:
            "While the run is in progress: what is known so far. Carries an `ETag` that changes whenever a job does.",
        },
      },
    )
    .post(
      "/:runId/cancel",
      async ({ params: { runId }, status }) =>
        status(202, { runId, state: await orchestrator.cancel(runId) }),
      {
        params: RunParams,
        response: { 202: Cancelled, ...problems(404, 409, 503) },
        detail: {
          summary: "Cancel a run",
          description:
            "Aborts what is in flight; what was answered stays. Cancelling a cancelled run does nothing.",
        },
      },
    );
}

function found<Found>(run: Found | undefined, runId: string): Found {
  if (!run) throw runNotFound(runId);
  return run;
}

function isOpen({ state }: RunStatus): boolean {
  return state === "queued" || state === "running";
}
