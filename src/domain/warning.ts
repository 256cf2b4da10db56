/**
 * Warnings of a run: what its regions' endpoints, asked lately, let expect of it.
 */
import { type Static, Type } from "@sinclair/typebox";

/** Most warnings kept with a run: they are told with every status of it. */
export const MAX_WARNINGS = 100;

export const RunWarning = Type.Object(
  {
    code: Type.Literal("missing_runner", { description: "A stable code." }),
    message: Type.String({
      description: "One sentence for a person.",
      examples: ['Region "us-east-1" offers no runner "cookieBannerTest".'],
    }),
    region: Type.String({ description: "The region it is about.", examples: ["us-east-1"] }),
    runner: Type.String({
      description: "The runner it is about.",
      examples: ["cookieBannerTest"],
    }),
  },
  { additionalProperties: false, description: "What will probably go wrong." },
);
export type RunWarning = Static<typeof RunWarning>;

export const Warnings = Type.Array(RunWarning, {
  description: `What the regions' endpoints, asked lately, let expect of the run when it was accepted; at most ${MAX_WARNINGS}, absent if nothing.`,
});
