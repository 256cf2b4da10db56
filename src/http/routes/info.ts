/** Info: which runners this server offers, and which files it could not use. */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { version } from "../../../package.json" with { type: "json" };
import { present } from "../../lib/present.ts";
import type { RunnerPool } from "../../runner/pool.ts";
import { problems } from "../problem.ts";

export interface InfoRoutesDeps {
  readonly runners: Pick<RunnerPool, "catalog" | "inputSchemas">;
  readonly region?: string;
  /** Path the routes are served under. */
  readonly basePath: string;
}

/** How long an answer waits for schemas that were not gathered yet. */
export const SCHEMA_WAIT_MS = 1_000;

const Info = Type.Object(
  {
    runners: Type.Array(Type.String(), { description: "Names that `/execute` accepts." }),
    count: Type.Integer({ minimum: 0, description: "How many they are." }),
    region: Type.Optional(Type.String({ description: "The region this server answers for." })),
    version: Type.String({ description: "The version of volley that answers." }),
    usage: Type.Object(
      {
        method: Type.String({ description: "The HTTP method of an execution." }),
        endpoint: Type.String({ description: "The path of an execution." }),
        example: Type.Unknown({ description: "A body that works." }),
      },
      { additionalProperties: false, description: "How to execute runners." },
    ),
    inputSchemas: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          "JSON Schema (draft 2020-12) of the input of each runner whose schema library can tell. Gathered in the background: a name may be missing right after its file changed.",
      }),
    ),
    faults: Type.Optional(
      Type.Array(
        Type.Object(
          {
            file: Type.String({ description: "The file, relative to the project." }),
            message: Type.String({ description: "What is wrong with it." }),
          },
          { additionalProperties: false },
        ),
        { description: "Files that could not be used, in full or in part." },
      ),
    ),
  },
  { additionalProperties: false, description: "What this server can execute." },
);

export function infoRoutes({ basePath, region, runners }: InfoRoutesDeps) {
  return new Elysia({ tags: ["runners"] }).get(
    "/info",
    async () => {
      const { faults, runners: known } = await runners.catalog();
      const names = [...known.keys()];
      const schemas = await runners.inputSchemas(SCHEMA_WAIT_MS);
      return {
        runners: names,
        count: names.length,
        ...present({ region }),
        version,
        usage: {
          method: "POST",
          endpoint: `${basePath}/execute`,
          example: { url: "https://example.com", runners: names },
        },
        ...(schemas.size === 0 ? {} : { inputSchemas: Object.fromEntries(schemas) }),
        ...(faults.length === 0 ? {} : { faults: [...faults] }),
      };
    },
    {
      response: { 200: Info, ...problems(401) },
      detail: {
        summary: "The runners of this server",
        description: "The files are looked at anew for each answer.",
      },
    },
  );
}
