/**
 * The orchestrator's HTTP app: every route of the API under one base path, liveness and metrics at
 * the root.
 */
import { Elysia } from "elysia";

import { version } from "../../package.json" with { type: "json" };
import type { Log } from "../lib/log.ts";
import { createApp } from "./app.ts";
import { docsRoutes } from "./docs/docs-routes.ts";
import { openApiDocument } from "./docs/spec.ts";
import { comparisonRoutes, type ComparisonRoutesDeps } from "./routes/comparison.ts";
import { eventRoutes, type EventRoutesDeps } from "./routes/events.ts";
import { type HealthOptions, healthRoutes } from "./routes/health.ts";
import { regionRoutes, type RegionRoutesDeps } from "./routes/regions.ts";
import { reportRoutes, type ReportRoutesDeps } from "./routes/reports.ts";
import { runRoutes, type RunRoutesDeps } from "./routes/runs.ts";
import { submitRoutes, type SubmitRoutesDeps } from "./routes/submit.ts";

const DESCRIPTION = [
  "One request fans out to every region and comes back as one summary.",
  "What a runner takes as `input` is documented by the runner servers, each at `/api/runner/docs`.",
].join(" ");

export interface OrchestratorAppOptions
  extends
    RunRoutesDeps,
    ReportRoutesDeps,
    ComparisonRoutesDeps,
    SubmitRoutesDeps,
    EventRoutesDeps,
    RegionRoutesDeps,
    HealthOptions {
  readonly orchestrator: RunRoutesDeps["orchestrator"] & SubmitRoutesDeps["orchestrator"];
  readonly store: RunRoutesDeps["store"] &
    ReportRoutesDeps["store"] &
    ComparisonRoutesDeps["store"] &
    EventRoutesDeps["store"];
  readonly log: Log;
}

export function orchestratorApp(options: OrchestratorAppOptions) {
  const { basePath, log } = options;
  const routes = new Elysia({ prefix: basePath })
    .use(submitRoutes(options))
    .use(runRoutes(options))
    .use(reportRoutes(options))
    .use(comparisonRoutes(options))
    .use(eventRoutes(options))
    .use(regionRoutes(options));
  const spec = () =>
    openApiDocument(new Elysia().use(routes).use(healthRoutes(options)), {
      title: "volley orchestrator",
      version,
      description: DESCRIPTION,
    });
  return createApp(log)
    .use(healthRoutes(options))
    .use(routes)
    .use(
      new Elysia({ prefix: basePath }).use(
        docsRoutes({ basePath, title: "volley orchestrator API", spec }),
      ),
    );
}
