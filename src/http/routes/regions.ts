/** Regions: where runs can go, how their endpoints are, and what their runners take. */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { AppError } from "../../domain/errors.ts";
import { InputSchemas, RegionList } from "../../domain/fleet.ts";
import { NOT_A_REGION, REGION_PATTERN } from "../../domain/region.ts";
import { problems } from "../problem.ts";
import { refuseRepeated } from "../query.ts";

export interface RegionRoutesDeps {
  /** Path the routes are served under. */
  readonly basePath: string;
  readonly fleet: {
    report(): Promise<RegionList>;
    inputSchemas(region: string): InputSchemas["inputSchemas"] | undefined;
  };
}

const SchemasQuery = Type.Object(
  {
    region: Type.String({
      pattern: REGION_PATTERN,
      error: NOT_A_REGION,
      description: "The region.",
      examples: ["eu-west-1"],
    }),
  },
  { additionalProperties: false },
);

export function regionRoutes({ basePath, fleet }: RegionRoutesDeps) {
  return new Elysia({ prefix: basePath, tags: ["regions"] })
    .onTransform(refuseRepeated)
    .get("/regions", () => fleet.report(), {
      response: { 200: RegionList },
      detail: {
        summary: "The configured regions",
        description:
          "Health, latency, runners offered and drift of each region, from its endpoint's `/info`. An answer counts for 30 s; after that the endpoint is asked anew, for about 2 s at most, and what it said before is told where it does not answer in time, with the `checkedAt` of then.",
      },
    })
    .get(
      "/regions/schemas",
      ({ query: { region } }) => {
        const inputSchemas = fleet.inputSchemas(region);
        if (inputSchemas) return { region, inputSchemas };
        throw new AppError("not_found", `There is no region "${region}".`);
      },
      {
        query: SchemasQuery,
        response: { 200: InputSchemas, ...problems(400, 404) },
        detail: {
          summary: "What the runners of a region take",
          description: "The input schemas that the region's endpoint last told of.",
        },
      },
    );
}
