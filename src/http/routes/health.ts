/** /healthz, /readyz, /metrics: for whoever keeps a server running. At the root of both servers. */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { AppError } from "../../domain/errors.ts";
import type { Metrics } from "../../lib/metrics.ts";
import { problems } from "../problem.ts";

export interface HealthOptions {
  /** Whether the server is stopping and takes nothing new. */
  readonly isDraining: () => boolean;
  readonly metrics: Metrics;
}

const Health = Type.Object(
  { status: Type.Literal("ok", { description: "The process answers." }) },
  { additionalProperties: false, description: "The process is alive." },
);
const Ready = Type.Object(
  { status: Type.Literal("ready", { description: "The server takes new work." }) },
  { additionalProperties: false, description: "The server takes new work." },
);
const MetricsText = Type.String({
  contentMediaType: "text/plain",
  description: "Metrics in the Prometheus text format.",
});

export function healthRoutes({ isDraining, metrics }: HealthOptions) {
  return new Elysia({ tags: ["operations"] })
    .get("/healthz", () => ({ status: "ok" }) as const, {
      response: { 200: Health },
      detail: {
        summary: "Liveness",
        description: "Answers as long as the process can answer at all.",
      },
    })
    .get(
      "/readyz",
      () => {
        if (isDraining()) throw new AppError("draining", "This server is shutting down.");
        return { status: "ready" } as const;
      },
      {
        response: { 200: Ready, ...problems(503) },
        detail: {
          summary: "Readiness",
          description: "Fails once the server drains: send new work elsewhere.",
        },
      },
    )
    .get(
      "/metrics",
      () =>
        new Response(metrics.render(), {
          headers: { "content-type": "text/plain;version=0.0.4;charset=utf-8" },
        }),
      {
        response: { 200: MetricsText },
        detail: { summary: "Metrics", description: "For Prometheus and what reads its format." },
      },
    );
}
