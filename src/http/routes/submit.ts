/**
 * Submit: a new run, or a run again.
 *
 * Handlers translate HTTP into calls of the orchestrator, and nothing else. Failures are thrown as
 * AppError and become problems in `../app.ts`.
 */
import { type Static, Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { AppError } from "../../domain/errors.ts";
import { NOT_A_REGION, REGION_PATTERN } from "../../domain/region.ts";
import type { RunSecrets } from "../../domain/run-secrets.ts";
import { RUNNER_NAME, RunRequest } from "../../domain/run.ts";
import { present } from "../../lib/present.ts";
import { nextTurn } from "../../lib/turn.ts";
import type { Orchestrator, SubmittedRun } from "../../orchestrator/orchestrator.ts";
import { type RerunSelection, type SentRequest, sentRequest } from "../../orchestrator/rerun.ts";
import type { RunStore } from "../../store/store.ts";
import { RunParams } from "../params.ts";
import { problems } from "../problem.ts";
import { bodyCheck, checkedBody, readJson, readOptionalJson } from "../read-json.ts";
import { streamedText } from "../streamed.ts";
import { Accepted, Replayed, SubmitHeaders } from "../submitted.ts";

export interface SubmitRoutesDeps {
  readonly orchestrator: Pick<Orchestrator, "submit" | "rerun">;
  readonly store: Pick<RunStore, "findSettings" | "findAnswers">;
  /** Path the routes are served under, also in `Location`. */
  readonly basePath: string;
  /** Largest body, in bytes. */
  readonly maxBody: number;
  /** The limit of a run that names none, in milliseconds. */
  readonly maxRunTime: number;
  /** Throws AppError for a submit that may not be made now; asked before the body is read. */
  readonly admit: (request: Request) => void;
  /** Hides what must not be kept as it is. */
  readonly secrets: Pick<RunSecrets, "seal">;
}

const RerunCell = Type.Object(
  {
    name: Type.String({ ...RUNNER_NAME, description: "The runner, as requested." }),
    region: Type.Optional(
      Type.String({
        pattern: REGION_PATTERN,
        error: NOT_A_REGION,
        description: "The region; absent if the runner was requested without one.",
        examples: ["eu-west-1"],
      }),
    ),
    url: Type.String({
      maxLength: 8192,
      description: "The URL under test.",
      examples: ["https://example.com"],
    }),
  },
  { additionalProperties: false, description: "One runner on one url in one region." },
);

const RerunRequest = Type.Object(
  {
    only: Type.Optional(
      Type.Union([Type.Literal("failed"), Type.Literal("all")], {
        description:
          "`failed` (the default): the runners whose result is not `pass`, or not expected in a run with `expect` or `policy`. Not beside `cells`.",
        examples: ["failed"],
      }),
    ),
    cells: Type.Optional(
      Type.Array(RerunCell, {
        minItems: 1,
        maxItems: 1_000,
        description: "Just these cells, with every input they were requested with.",
      }),
    ),
  },
  {
    additionalProperties: false,
    description: "Which runners to run again.",
    examples: [
      { only: "all" },
      { cells: [{ name: "cookieBannerTest", region: "us-east-1", url: "https://example.com" }] },
    ],
  },
);
type RerunRequest = Static<typeof RerunRequest>;

/** More runners than this in one request are a large submit, which does not hold up others. */
const LARGE_SUBMIT = 10_000;

export function submitRoutes(deps: SubmitRoutesDeps) {
  const { admit, basePath, maxBody, maxRunTime, orchestrator, secrets, store } = deps;
  const checkRun = bodyCheck(RunRequest);
  const checkRerun = bodyCheck(RerunRequest);
  const location = (runId: string) => ({ location: `${basePath}/${runId}` });
  return new Elysia({ prefix: basePath, tags: ["runs"] })
    .post(
      "",
      async ({ body, headers, set, status }) => {
        const large = body.runners.length > LARGE_SUBMIT;
        if (large) await nextTurn();
        const request = secrets.seal(body);
        const idempotencyKey = headers["idempotency-key"];
        const submitted = await orchestrator.submit(request, {
          requestDigest: digest(request, idempotencyKey),
          ...present({ idempotencyKey }),
        });
        if (large) setImmediate(collect);
        Object.assign(set.headers, location(submitted.runId));
        if (!submitted.replayed) return status(202, accepted(submitted));
        set.headers["idempotent-replayed"] = "true";
        return status(200, { runId: submitted.runId });
      },
      {
        body: checkedBody(RunRequest),
        headers: SubmitHeaders,
        parse: async ({ request }) => {
          admit(request);
          return checkRun(await readJson(request, maxBody));
        },
        response: { 200: Replayed, 202: Accepted, ...problems(400, 409, 413, 415, 422, 429, 503) },
        detail: {
          summary: "Submit a run",
          description:
            "Groups the runners into jobs, one per url and region, and dispatches them in parallel. Answers once the run is durably kept, with `warnings` of runners that a region is known to lack. An `Idempotency-Key`, or a `runId` of the client's own, makes the submit repeatable.",
        },
      },
    )
    .get(
      "/:runId/request",
      async ({ params: { runId }, request }) => {
        const sent = await sentRequest(store, runId);
        const headers = { "content-type": "application/json;charset=utf-8" };
        // The framework answers HEAD with this handler.
        if (request.method === "HEAD") return new Response(null, { headers });
        return streamedText(written(sent, maxRunTime), headers);
      },
      {
        params: RunParams,
        response: { 200: RunRequest, ...problems(404, 503) },
        detail: {
          summary: "The request of a run",
          description:
            "As it can be submitted again: without settings that are the default, and with what is expected beside each runner. Secrets in inputs are replaced, and `callbackUrl` is left out: receivers keep their tokens there.",
        },
      },
    )
    .post(
      "/:runId/rerun",
      async ({ body, headers, params: { runId }, set, status }) => {
        const selected = selection(body);
        const submitted = await orchestrator.rerun(runId, selected, headers["idempotency-key"]);
        Object.assign(set.headers, location(submitted.runId));
        if (!submitted.replayed) return status(202, accepted(submitted));
        set.headers["idempotent-replayed"] = "true";
        return status(200, { runId: submitted.runId });
      },
      {
        params: RunParams,
        body: RerunRequest,
        headers: SubmitHeaders,
        parse: async ({ request }) => {
          admit(request);
          return checkRerun(await readOptionalJson(request, maxBody));
        },
        response: {
          200: Replayed,
          202: Accepted,
          ...problems(400, 404, 409, 413, 415, 422, 429, 503),
        },
        detail: {
          summary: "Run again",
          description:
            "A new run with the runners, inputs and settings of an ended one; it names that one as `parentRunId`.",
        },
      },
    );
}

/**
 * The request as JSON, without what would be the same unsaid. Runner by runner: of a run of any size
 * it is never in memory as a whole.
 */
async function* written(
  { runners, settings }: SentRequest,
  maxRunTime: number,
): AsyncGenerator<string> {
  const { retries, tags, timeout, ...others } = settings;
  const said = present({
    ...others,
    timeout: timeout === maxRunTime ? undefined : timeout,
    retries: retries || undefined,
    tags: tags?.length ? tags : undefined,
  });
  yield `${JSON.stringify(said).slice(0, -1)},"runners":[`;
  let separator = "";
  for await (const runner of runners) {
    yield separator + JSON.stringify(runner);
    separator = ",";
  }
  yield "]}";
}

function accepted({ runId, warnings }: SubmittedRun): Static<typeof Accepted> {
  return { runId, ...present({ warnings: warnings && [...warnings] }) };
}

function selection({ cells, only }: RerunRequest): RerunSelection {
  if (!cells) return only ?? "failed";
  if (only === undefined) return cells;
  const faults = [{ path: "/only", message: "Says nothing beside /cells; send one of the two." }];
  throw new AppError("invalid_request", "The request is not valid.", { faults });
}

/**
 * Frees what a large submit has left behind, in some 10 ms for 100 000 runners. Left alone, the
 * collector would let as much garbage pile up again and again while the run's jobs fly.
 */
function collect(): void {
  Bun.gc(true);
}

/** Characters of a request that are hashed at a time. */
const DIGEST_CHARACTERS = 16_384;

/**
 * Tells a repeated submit from another one under the same name. Empty without a name: nothing can
 * repeat it, as a `runId` would be part of what is hashed.
 */
function digest({ runners, ...settings }: RunRequest, idempotencyKey?: string): string {
  if (settings.runId === undefined && idempotencyKey === undefined) return "";
  const hasher = new Bun.CryptoHasher("sha256").update(JSON.stringify(settings));
  // In pieces: the text of all would be as large as the body once more.
  let piece = "";
  for (const runner of runners) {
    piece += `\n${JSON.stringify(runner)}`;
    if (piece.length < DIGEST_CHARACTERS) continue;
    hasher.update(piece);
    piece = "";
  }
  return hasher.update(piece).digest("hex");
}
