/**
 * The orchestrator's HTTP app: every route of the API under one base path, liveness and metrics at
 * the root.
 */
import { type AnyElysia, Elysia } from "elysia";

import { version } from "../../package.json" with { type: "json" };
import type { Log } from "../lib/log.ts";
import type { Access } from "./access/access.ts";
import { neededScope } from "./access/scopes.ts";
import { createApp } from "./app.ts";
import { docsRoutes } from "./docs/docs-routes.ts";
import { openApiDocument } from "./docs/spec.ts";
import { callbackRoutes, type CallbackRoutesDeps } from "./routes/callbacks.ts";
import { comparisonRoutes, type ComparisonRoutesDeps } from "./routes/comparison.ts";
import { eventRoutes, type EventRoutesDeps } from "./routes/events.ts";
import { type HealthOptions, healthRoutes } from "./routes/health.ts";
import { keyRoutes, type KeyRoutesDeps } from "./routes/keys.ts";
import { regionRoutes, type RegionRoutesDeps } from "./routes/regions.ts";
import { reportRoutes, type ReportRoutesDeps } from "./routes/reports.ts";
import { runRoutes, type RunRoutesDeps } from "./routes/runs.ts";
import { sessionRoutes, type SessionRoutesDeps } from "./routes/session.ts";
import { submitRoutes, type SubmitRoutesDeps } from "./routes/submit.ts";
import { type NamedServer, serverName } from "./server-name.ts";

const DESCRIPTION = [
  "One request fans out to every region and comes back as one summary.",
  "What a runner takes as `input` is documented by the runner servers, each at `/api/runner/docs`.",
].join(" ");

export interface OrchestratorAppOptions
  extends
    RunRoutesDeps,
    Omit<ReportRoutesDeps, "serverOf">,
    NamedServer,
    ComparisonRoutesDeps,
    Omit<SubmitRoutesDeps, "admit">,
    Omit<EventRoutesDeps, "mayGoOn">,
    RegionRoutesDeps,
    Pick<CallbackRoutesDeps, "callbacks">,
    HealthOptions {
  readonly orchestrator: RunRoutesDeps["orchestrator"] & SubmitRoutesDeps["orchestrator"];
  readonly store: RunRoutesDeps["store"] &
    SubmitRoutesDeps["store"] &
    ReportRoutesDeps["store"] &
    ComparisonRoutesDeps["store"] &
    EventRoutesDeps["store"];
  readonly log: Log;
  /** Absent: everybody may come in. */
  readonly access?: SessionRoutesDeps &
    KeyRoutesDeps & { readonly access: Pick<Access, "check" | "admit" | "mayGoOn"> };
}

export function orchestratorApp(options: OrchestratorAppOptions) {
  const { access, basePath, log } = options;
  const admit = access?.access.admit ?? (() => {});
  const mayGoOn = access?.access.mayGoOn ?? (async () => true);
  // One beside the other: the framework makes every route anew at each level it is nested in.
  const routes: AnyElysia[] = [
    submitRoutes({ ...options, admit }),
    runRoutes(options),
    reportRoutes({ ...options, serverOf: (request) => serverName(options, request) }),
    comparisonRoutes(options),
    eventRoutes({ ...options, mayGoOn }),
    regionRoutes(options),
    callbackRoutes(options),
    healthRoutes(options),
    ...(access ? [sessionRoutes(access), keyRoutes(access)] : []),
  ];
  const spec = () =>
    openApiDocument(new Elysia().use(routes), {
      title: "volley orchestrator",
      version,
      description: DESCRIPTION,
      ...(access ? { needsKey } : {}),
    });
  return createApp(log, `the API is at ${basePath || "/"}`, access?.access.check).use([
    ...routes,
    docsRoutes({ basePath, title: "volley orchestrator API", spec }),
  ]);
}

function needsKey(method: string, path: string): boolean {
  return neededScope(method, path) !== undefined;
}
