/** History: what one runner answered on one url, run after run. */
import { type Static, Type } from "@sinclair/typebox";

import { Result } from "./result.ts";
import { RunId } from "./run.ts";

const { durationMs, errorCode, errorMessage, errorSource, status, verdict } = Result.properties;

export const PastResult = Type.Object(
  {
    runId: RunId,
    region: Type.Optional(Type.String({ description: "The region that was asked." })),
    input: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: "The input beside `url`." }),
    ),
    at: Type.String({ format: "date-time", description: "When its job ended." }),
    status,
    verdict,
    durationMs,
    errorMessage,
    errorCode,
    errorSource,
  },
  { additionalProperties: false, description: "One answer, without its details." },
);
export type PastResult = Static<typeof PastResult>;

export const History = Type.Object(
  {
    runner: Type.String({ description: "The runner, as asked for." }),
    url: Type.String({ description: "The url, as asked for." }),
    results: Type.Array(PastResult, {
      description: "Of ended runs, newest first; at most 50. Empty if there is none.",
    }),
  },
  {
    additionalProperties: false,
    description: "The last answers of a cell.",
    examples: [
      {
        runner: "cookieBannerTest",
        url: "https://example.com",
        results: [
          {
            runId: "run_abc123",
            region: "eu-west-1",
            at: "2024-01-01T00:01:00.000Z",
            status: "pass",
            durationMs: 1234,
          },
        ],
      },
    ],
  },
);
export type History = Static<typeof History>;
