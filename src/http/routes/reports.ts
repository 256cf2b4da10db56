/**
 * Reports: a run in every format that others read, streamed; of a run in progress, what is known.
 *
 * A report holds text of strangers, and so every answer forbids its reader to run or load any of
 * it, whatever the format.
 */
import { type TSchema, Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { version } from "../../../package.json" with { type: "json" };
import { AppError, runNotFound } from "../../domain/errors.ts";
import { RunId, RunSummary } from "../../domain/run.ts";
import { present } from "../../lib/present.ts";
import { compareRun, type ComparisonStore } from "../../orchestrator/comparison/compare-run.ts";
import { type FormatName, FORMATS, type ReportFormat } from "../../report/formats.ts";
import { contentPolicy } from "../../report/html/style.ts";
import type { RunStore } from "../../store/store.ts";
import { entityTag, isFresh, NotModified, notModified } from "../conditional.ts";
import { RunParams } from "../params.ts";
import { problems } from "../problem.ts";
import { storedRun } from "../stored-run.ts";
import { streamedText } from "../streamed.ts";
import type { ComparisonRoutesDeps } from "./comparison.ts";

export interface ReportRoutesDeps extends ComparisonRoutesDeps {
  /** Path the routes are served under. */
  readonly basePath: string;
  readonly store: Pick<RunStore, "findStatus" | "findRun" | "findJobs"> & ComparisonStore;
  /** The server for a command line, as far as the request tells. */
  readonly serverOf: (request: Request) => string | undefined;
}

/** The formats that are files; the others are for a terminal or a build log. */
const SERVED = ["json", "ndjson", "junit", "ctrf", "md", "html", "txt"] as const;

const OtherParams = Type.Object({ ...RunParams.properties, format: Type.String() });

export function reportRoutes({ basePath, endpointOf, serverOf, store }: ReportRoutesDeps) {
  const answer = async (format: ReportFormat, runId: string, request: Request) => {
    const status = await store.findStatus(runId);
    if (!status) throw runNotFound(runId);
    const server = serverOf(request);
    const tag = entityTag(status, server === undefined ? version : `${version}.${server}`);
    if (isFresh(request, tag)) return notModified(tag);
    const headers = { ...headersOf(format, runId), etag: tag };
    // The framework answers HEAD with this handler.
    if (request.method === "HEAD") return new Response(null, { headers });
    const run = await store.findRun(runId);
    if (!run) throw runNotFound(runId);
    const source = {
      ...storedRun(run, store),
      comparison: () =>
        compareRun(store, runId, {
          endpointOf: (region) => endpointOf(region, request),
          ...present({ server }),
        }),
    };
    return streamedText(format.write(source), headers);
  };
  const routes = new Elysia({ prefix: basePath, tags: ["reports"] });
  for (const name of SERVED) {
    const format = FORMATS[name];
    routes.get(
      `/:runId/report.${format.extension}`,
      ({ params: { runId }, request }) => answer(format, runId, request),
      {
        params: RunParams,
        response: { 200: bodyOf(name), 304: NotModified, ...problems(404, 503) },
        detail: {
          summary: `Report: ${name}`,
          description: `${format.description} While the run is in progress: what is known so far. Carries an \`ETag\`.`,
        },
      },
    );
  }
  return routes.get("/:runId/report.:format", ({ params }) => refuse(params.format), {
    params: OtherParams,
    detail: { hide: true },
  });
}

const CtrfDocument = Type.Object(
  {
    reportFormat: Type.Literal("CTRF", { description: "Names the format." }),
    specVersion: Type.String({ description: "The version of its specification." }),
    runId: RunId,
    generatedBy: Type.String({ description: "`volley`." }),
    results: Type.Unknown({ description: "The tool, one test per result, and the summary." }),
  },
  { additionalProperties: false, description: FORMATS.ctrf.description },
);

/** What the document says of the answer's body. */
function bodyOf(name: FormatName): TSchema {
  if (name === "json") return RunSummary;
  const { contentType, description } = FORMATS[name];
  const contentMediaType = contentType.split(";")[0] ?? "";
  if (name === "ctrf") return CtrfDocument;
  return Type.String({ contentMediaType, description });
}

function headersOf({ contentType, extension }: ReportFormat, runId: string) {
  const policy = extension === "html" ? contentPolicy() : "default-src 'none'";
  return {
    "content-type": contentType,
    "content-disposition": `inline; filename="${runId}.${extension}"`,
    "content-security-policy": `${policy}; frame-ancestors 'none'; sandbox`,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
}

function refuse(format: string): never {
  const known = SERVED.map((name) => FORMATS[name].extension);
  const message = `There is no report "report.${format.slice(0, 32)}"; there are report.${known.join(", report.")}.`;
  throw new AppError("not_found", message);
}
