/**
 * Runs: submit one, ask where it stands, read its results.
 *
 * Handlers translate HTTP into calls of the orchestrator and the store, and nothing else. Failures
 * are thrown as AppError and become problems in `../app.ts`.
 */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { AppError } from "../../domain/errors.ts";
import { RunId, RunRequest, RunStatus, RunSummary } from "../../domain/run.ts";
import { present } from "../../lib/present.ts";
import type { Orchestrator } from "../../orchestrator/orchestrator.ts";
import type { RunStore } from "../../store/store.ts";
import { problems } from "../problem.ts";
import { readJson } from "../read-json.ts";
import { summaryResponse } from "../summary-stream.ts";

export interface RunRoutesDeps {
  readonly orchestrator: Pick<Orchestrator, "submit">;
  readonly store: Pick<RunStore, "findStatus" | "findRun" | "findJobs">;
  /** Path the routes are served under, as in `Location`. */
  readonly basePath: string;
  /** Largest body, in bytes. */
  readonly maxBody: number;
}

const Accepted = Type.Object(
  { runId: RunId },
  { additionalProperties: false, description: "The run is durably kept and will be executed." },
);
const Replayed = Type.Object(
  { runId: RunId },
  { additionalProperties: false, description: "The same submit was accepted before." },
);
/** draft-ietf-httpapi-idempotency-key-header, with any short visible text. */
const SubmitHeaders = Type.Object(
  {
    "idempotency-key": Type.Optional(
      Type.String({
        pattern: "^[\\x20-\\x7e]{1,255}$",
        description: "Names this submit, so that repeating it starts no second run.",
      }),
    ),
  },
  { additionalProperties: true },
);
const RunParams = Type.Object({
  runId: Type.String({ description: "The run, as its submit answered.", examples: ["run_abc123"] }),
});

export function runRoutes({ basePath, maxBody, orchestrator, store }: RunRoutesDeps) {
  return new Elysia({ tags: ["runs"] })
    .post(
      "",
      async ({ body, headers, set, status }) => {
        const { replayed, runId } = await orchestrator.submit(body, {
          requestDigest: digest(body),
          ...present({ idempotencyKey: headers["idempotency-key"] }),
        });
        set.headers["location"] = `${basePath}/${runId}`;
        if (!replayed) return status(202, { runId });
        set.headers["idempotent-replayed"] = "true";
        return status(200, { runId });
      },
      {
        body: RunRequest,
        headers: SubmitHeaders,
        parse: ({ request }) => readJson(request, maxBody),
        response: { 200: Replayed, 202: Accepted, ...problems(400, 409, 413, 415, 422, 503) },
        detail: {
          summary: "Submit a run",
          description:
            "Groups the runners into jobs, one per url and region, and dispatches them in parallel. Answers once the run is durably kept. An `Idempotency-Key`, or a `runId` of the client's own, makes the submit repeatable.",
        },
      },
    )
    .get(
      "/:runId/status",
      async ({ params: { runId } }) => found(await store.findStatus(runId), runId),
      {
        params: RunParams,
        response: { 200: RunStatus, ...problems(404) },
        detail: { summary: "Where a run stands", description: "Live counts of the run's jobs." },
      },
    )
    .get(
      "/:runId",
      async ({ params: { runId } }) =>
        summaryResponse(found(await store.findRun(runId), runId), store),
      {
        params: RunParams,
        response: { 200: RunSummary, ...problems(404) },
        detail: {
          summary: "The results of a run",
          description: "While the run is in progress: what is known so far.",
        },
      },
    );
}

function found<Found>(value: Found | undefined, runId: string): Found {
  if (value !== undefined) return value;
  throw new AppError("run_not_found", `There is no run "${runId.slice(0, 128)}".`);
}

/** Tells a repeated submit from another one under the same id. */
function digest(request: RunRequest): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(request)).digest("hex");
}
