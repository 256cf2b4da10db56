/**
 * The runner server's app: /api/runner over the hosts of one project, and liveness.
 *
 * Speaks the wire protocol of the SDK, so that its orchestrator works against this server as ours
 * does.
 */
import { Elysia } from "elysia";

import { version } from "../../package.json" with { type: "json" };
import type { Log } from "../lib/log.ts";
import type { RunnerPool } from "../runner/pool.ts";
import { hostCheck } from "./access/hosts.ts";
import { originCheck } from "./access/origins.ts";
import { createApp, type Guard } from "./app.ts";
import { bearerCheck } from "./bearer.ts";
import { docsRoutes } from "./docs/docs-routes.ts";
import { type OpenApiDocument, openApiDocument } from "./docs/spec.ts";
import { executeRoutes, type ExecuteRoutesDeps } from "./routes/execute.ts";
import { type HealthOptions, healthRoutes } from "./routes/health.ts";
import { infoRoutes, SCHEMA_WAIT_MS } from "./routes/info.ts";
import { withInputSchemas } from "./runner-spec.ts";

const RUNNER_BASE = "/api/runner";

export interface RunnerAppOptions extends Omit<ExecuteRoutesDeps, "runners">, HealthOptions {
  readonly runners: Pick<RunnerPool, "catalog" | "execute" | "inputSchemas">;
  readonly log: Log;
  /** What requests must carry as a bearer token, apart from probes. */
  readonly token?: string;
  /** Host names to answer to without a token, besides IP addresses and localhost. */
  readonly allowedHosts?: readonly string[];
  /** Whether the server speaks TLS. */
  readonly tls?: boolean;
}

/** For whoever keeps the server running, and cannot carry a token as a rule. */
const PROBES = ["/healthz", "/readyz"] as const;
const TITLE = "volley runner server";

export function createRunnerApp(options: RunnerAppOptions) {
  const { allowedHosts = [], log, runners, tls = false, token } = options;
  const routes = new Elysia({ prefix: RUNNER_BASE })
    .use(executeRoutes(options))
    .use(infoRoutes({ ...options, basePath: RUNNER_BASE }));
  const spec = () =>
    openApiDocument(new Elysia().use(routes).use(healthRoutes(options)), {
      title: TITLE,
      version,
      description: "Executes runner files for one region. Speaks the wire protocol of the SDK.",
    });
  const current = async (document: OpenApiDocument) =>
    withInputSchemas(document, await runners.inputSchemas(SCHEMA_WAIT_MS));
  const checkHost = hostCheck(allowedHosts);
  const checkOrigin = originCheck({ tls });
  const checkToken = bearerCheck(token, PROBES);
  const guard: Guard = ({ request }) => {
    // A page that reaches this server by a name of its own has no token.
    if (token === undefined) checkHost(request.headers);
    checkOrigin(request);
    checkToken(request);
    return undefined;
  };
  return createApp(log, `the runners are at ${RUNNER_BASE}`, guard)
    .use(healthRoutes(options))
    .use(routes)
    .use(docsRoutes({ basePath: RUNNER_BASE, title: TITLE, spec, current }));
}
