/** Regions: where runs can go, and how their endpoints are. */
import { Elysia } from "elysia";

import { RegionList } from "../../domain/fleet.ts";

export interface RegionRoutesDeps {
  readonly fleet: { report(): Promise<RegionList> };
}

export function regionRoutes({ fleet }: RegionRoutesDeps) {
  return new Elysia({ tags: ["regions"] }).get("/regions", () => fleet.report(), {
    response: { 200: RegionList },
    detail: {
      summary: "The configured regions",
      description:
        "Health, latency, runners offered and drift of each region, from its endpoint's `/info`. An answer counts for 30 s; an older one is told at once while the endpoint is asked anew. Waits about 2 s at most for endpoints that never answered.",
    },
  });
}
