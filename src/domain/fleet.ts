/**
 * The fleet as its endpoints describe it: one report per configured region, and where regions
 * differ that should be alike. Never an endpoint's URL or credentials.
 */
import { type Static, Type } from "@sinclair/typebox";

import { REGION_PATTERN } from "./region.ts";

const RegionName = Type.String({
  pattern: REGION_PATTERN,
  description: "A configured region.",
  examples: ["eu-west-1"],
});

const Health = Type.Union(
  [Type.Literal("healthy"), Type.Literal("unhealthy"), Type.Literal("unknown")],
  {
    description:
      "`healthy`: the endpoint answered its `/info` in time; `unhealthy`: it did not, and `error` says why; `unknown`: it is being asked for the first time.",
    examples: ["healthy"],
  },
);

export const Drift = Type.Object(
  {
    code: Type.Union(
      [
        Type.Literal("missing_runners"),
        Type.Literal("input_schemas"),
        Type.Literal("version"),
        Type.Literal("region_mismatch"),
        Type.Literal("shared_endpoint"),
      ],
      {
        description:
          "`missing_runners`: other regions offer `runners` that this one lacks; `input_schemas`: `runners` take other input than elsewhere; `version`: another version of the runner server; `region_mismatch`: the endpoint says it is in another region; `shared_endpoint`: `regions` have the same endpoint.",
        examples: ["missing_runners"],
      },
    ),
    message: Type.String({
      description: "One sentence for a person.",
      examples: ["Lacks 1 runner that other regions offer: titleTest."],
    }),
    runners: Type.Optional(
      Type.Array(Type.String(), {
        description: "Names of the runners it is about.",
        examples: [["titleTest"]],
      }),
    ),
    regions: Type.Optional(
      Type.Array(RegionName, { description: "Names of the other regions it is about." }),
    ),
  },
  { additionalProperties: false, description: "How a region differs from what it should be." },
);
export type Drift = Static<typeof Drift>;

const Latency = Type.Integer({
  minimum: 0,
  description: "From request to answer, in milliseconds, a new connection included.",
  examples: [42],
});
const AskedAt = Type.String({
  format: "date-time",
  description: "When the endpoint had answered, or failed to.",
  examples: ["2026-01-01T12:00:00.000Z"],
});

export const RegionReport = Type.Object(
  {
    name: RegionName,
    health: Health,
    checkedAt: Type.Optional(AskedAt),
    latencyMs: Type.Optional(Latency),
    error: Type.Optional(
      Type.String({
        description: "Why the region is unhealthy, in one sentence.",
        examples: ["The endpoint refused the connection."],
      }),
    ),
    runners: Type.Optional(
      Type.Array(Type.String(), {
        description: "Names the endpoint offers; absent if it does not tell.",
        examples: [["cookieBannerTest", "titleTest"]],
      }),
    ),
    version: Type.Optional(
      Type.String({ description: "Version the runner server gives itself.", examples: ["0.1.0"] }),
    ),
    reportedRegion: Type.Optional(
      Type.String({ description: "Region the endpoint says it is in.", examples: ["eu-west-1"] }),
    ),
    drift: Type.Array(Drift, { description: "Empty if nothing is out of line." }),
    history: Type.Array(
      Type.Object(
        { at: AskedAt, latencyMs: Type.Optional(Latency) },
        {
          additionalProperties: false,
          description: "One question to the endpoint; without a latency it was not answered.",
        },
      ),
      { description: "The last 20 times the endpoint was asked since the start, oldest first." },
    ),
  },
  { additionalProperties: false, description: "What is known of one region's endpoint." },
);
export type RegionReport = Static<typeof RegionReport>;

export const RegionList = Type.Object(
  { regions: Type.Array(RegionReport, { description: "In the order they are configured." }) },
  {
    additionalProperties: false,
    description: "Every configured region.",
    examples: [
      {
        regions: [
          {
            name: "eu-west-1",
            health: "healthy",
            checkedAt: "2026-01-01T12:00:00.000Z",
            latencyMs: 42,
            runners: ["cookieBannerTest", "titleTest"],
            version: "0.1.0",
            reportedRegion: "eu-west-1",
            drift: [],
            history: [{ at: "2026-01-01T12:00:00.000Z", latencyMs: 42 }],
          },
          {
            name: "us-east-1",
            health: "healthy",
            checkedAt: "2026-01-01T12:00:00.000Z",
            latencyMs: 117,
            runners: ["cookieBannerTest"],
            version: "0.1.0",
            reportedRegion: "us-east-1",
            drift: [
              {
                code: "missing_runners",
                message: "Lacks 1 runner that other regions offer: titleTest.",
                runners: ["titleTest"],
              },
            ],
            history: [{ at: "2026-01-01T12:00:00.000Z", latencyMs: 117 }],
          },
          {
            name: "ap-southeast-1",
            health: "unhealthy",
            checkedAt: "2026-01-01T12:00:00.000Z",
            error: "The endpoint refused the connection.",
            drift: [],
            history: [{ at: "2026-01-01T12:00:00.000Z" }],
          },
        ],
      },
    ],
  },
);
export type RegionList = Static<typeof RegionList>;

export const InputSchemas = Type.Object(
  {
    region: RegionName,
    inputSchemas: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
      description:
        "JSON Schemas by the name of the runner, as the endpoint tells them; a runner without one, or with a very large one, is left out.",
    }),
  },
  {
    additionalProperties: false,
    description: "The input of the runners of a region.",
    examples: [
      {
        region: "eu-west-1",
        inputSchemas: {
          cookieBannerTest: {
            type: "object",
            properties: { url: { type: "string" }, selector: { type: "string" } },
            required: ["url"],
          },
        },
      },
    ],
  },
);
export type InputSchemas = Static<typeof InputSchemas>;
