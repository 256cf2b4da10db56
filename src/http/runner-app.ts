/**
 * The runner server's app: /api/runner over the hosts of one project, and liveness.
 *
 * Speaks the wire protocol of the SDK, so that its orchestrator works against this server as ours
 * does.
 */
import { Elysia } from "elysia";

import type { Log } from "../lib/log.ts";
import { createApp } from "./app.ts";
import { executeRoutes, type ExecuteRoutesDeps } from "./routes/execute.ts";
import { healthRoutes } from "./routes/health.ts";
import { infoRoutes } from "./routes/info.ts";

export const RUNNER_BASE = "/api/runner";

export interface RunnerAppOptions extends ExecuteRoutesDeps {
  readonly log: Log;
}

export function createRunnerApp(options: RunnerAppOptions) {
  return createApp(options.log)
    .use(healthRoutes())
    .use(
      new Elysia({ prefix: RUNNER_BASE })
        .use(executeRoutes(options))
        .use(infoRoutes({ ...options, basePath: RUNNER_BASE })),
    );
}
