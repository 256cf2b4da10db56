/** Comparison: a run's regions side by side, and what a cell answered before. */
import { type Static, Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { COMPARISON_EXAMPLE } from "../../domain/comparison-example.ts";
import { Comparison, type ComparisonSource } from "../../domain/comparison.ts";
import { AppError } from "../../domain/errors.ts";
import { History } from "../../domain/history.ts";
import { HTTP_URL_PATTERN, NOT_AN_HTTP_URL } from "../../domain/http-url.ts";
import { NOT_A_REGION, REGION_PATTERN } from "../../domain/region.ts";
import { RUNNER_NAME } from "../../domain/run.ts";
import { jsonFault } from "../../lib/json.ts";
import { present } from "../../lib/present.ts";
import type { EndpointCall } from "../../orchestrator/comparison/calls.ts";
import { compareRun, type ComparisonStore } from "../../orchestrator/comparison/compare-run.ts";
import { ignoreFaults } from "../../orchestrator/expectations.ts";
import { cellHistory } from "../../orchestrator/history.ts";
import { RunParams } from "../params.ts";
import { problems } from "../problem.ts";
import { refuseRepeated } from "../query.ts";
import { streamedText } from "../streamed.ts";

export interface ComparisonRoutesDeps {
  /** Path the routes are served under. */
  readonly basePath: string;
  readonly store: ComparisonStore;
  /** How the endpoint of a region is called, as far as the sender of the request may know. */
  readonly endpointOf: (region: string, request: Request) => EndpointCall | undefined;
}

const ComparisonQuery = Type.Object(
  {
    ignore: Type.Optional(
      Type.String({
        maxLength: 4096,
        description:
          "JSON paths into the details to leave out beside those of the run, separated by commas.",
        examples: ["details.timestamp,details.items[*].id"],
      }),
    ),
  },
  { additionalProperties: false },
);

const HistoryQuery = Type.Object(
  {
    runner: Type.String({ ...RUNNER_NAME, description: "The runner." }),
    url: Type.String({
      pattern: HTTP_URL_PATTERN,
      error: NOT_AN_HTTP_URL,
      maxLength: 8192,
      description: "The URL under test, as it was requested.",
      examples: ["https://example.com"],
    }),
    region: Type.Optional(
      Type.String({
        pattern: REGION_PATTERN,
        error: NOT_A_REGION,
        description: "The region; without it the answers of all regions.",
        examples: ["eu-west-1"],
      }),
    ),
    input: Type.Optional(
      Type.String({
        maxLength: 8192,
        description:
          "The input beside `url`, a JSON object; `{}` for none. Without it the answers to all inputs.",
        examples: ['{"selector":"#banner"}'],
      }),
    ),
  },
  { additionalProperties: false },
);

export function comparisonRoutes({ basePath, endpointOf, store }: ComparisonRoutesDeps) {
  return new Elysia({ prefix: basePath, tags: ["runs"] })
    .onTransform(refuseRepeated)
    .get(
      "/:runId/comparison",
      async ({ params: { runId }, query, request }) => {
        const headers = {
          "content-type": "application/json;charset=utf-8",
          "cache-control": "no-store",
        };
        const compared = await compareRun(store, runId, {
          ignore: ignored(query),
          endpointOf: (region) => endpointOf(region, request),
        });
        // The framework answers HEAD with this handler.
        if (request.method === "HEAD") return new Response(null, { headers });
        return streamedText(written(compared), headers);
      },
      {
        params: RunParams,
        query: ComparisonQuery,
        response: {
          200: { ...Comparison, examples: [COMPARISON_EXAMPLE] },
          ...problems(400, 404, 503),
        },
        detail: {
          summary: "A run's regions side by side",
          description:
            "The same runner, url and input across regions: what differs, grouped by equal answers; whether it was expected; why cells are red; what has changed since the run before. While the run is in progress: what is known so far.",
        },
      },
    )
    .get(
      "/history",
      async ({ query }) => {
        const { input, ...cell } = query;
        const wanted = input === undefined ? undefined : inputOf(input);
        const results = await cellHistory(store, { ...cell, ...present({ input: wanted }) });
        return { runner: cell.runner, url: cell.url, results };
      },
      {
        query: HistoryQuery,
        response: { 200: History, ...problems(400, 503) },
        detail: {
          summary: "What a cell answered before",
          description: "The last 50 answers of a runner on a url, in one region or in all.",
        },
      },
    );
}

/** The comparison as JSON, row by row: of a run of any size it is never in memory as a whole. */
async function* written({ head, rows, totals }: ComparisonSource): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"rows":[`;
  let separator = "";
  for await (const row of rows) {
    yield separator + JSON.stringify(row);
    separator = ",";
  }
  yield `],${JSON.stringify(totals()).slice(1)}`;
}

/** Throws AppError for a path that cannot be read. */
function ignored({ ignore }: Static<typeof ComparisonQuery>): string[] {
  // A comma within brackets or quotes is part of a name.
  const paths = ignore?.match(/(?:\[(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\]]*)\]|[^,[])+/g) ?? [];
  refuse(ignoreFaults(paths, "/ignore/").map(({ message }) => ({ path: "/ignore", message })));
  return paths;
}

/** Throws AppError for text that is no JSON object. */
function inputOf(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    refuse([{ path: "/input", message: "Must be a JSON object." }]);
  }
  const fault = jsonFault(value);
  refuse(fault ? [{ path: "/input", message: fault.message }] : []);
  const { url: _url, ...input } = value as Record<string, unknown>;
  return input;
}

function refuse(faults: readonly { path: string; message: string }[]): void {
  if (faults.length === 0) return;
  throw new AppError("invalid_request", "The request is not valid.", { faults });
}
