/**
 * Expectations: which answer is the right one where, and how many regions have to give it.
 *
 * A verdict stands beside the raw status and never changes it. An `error` is no answer, so it is
 * never expected.
 */
import { type Static, Type } from "@sinclair/typebox";

import { matchesGlob } from "../lib/glob.ts";
import type { ResultStatus } from "./result.ts";

/** Globs over region names; a region that is absent is matched by `*` alone. */
export const REGION_GLOB_PATTERN = "^[A-Za-z0-9._*?-]{1,64}$";

export const ExpectedStatus = Type.Union([Type.Literal("pass"), Type.Literal("fail")], {
  description: "What a runner is expected to answer.",
});
export type ExpectedStatus = Static<typeof ExpectedStatus>;

export const RegionExpect = Type.Record(Type.String(), ExpectedStatus, {
  description:
    "What is expected where: globs over region names (`*`, `?`), of which the first that fits counts.",
  examples: [{ "eu-*": "pass", "us-*": "fail" }],
});
export type RegionExpect = Static<typeof RegionExpect>;

export const Expect = Type.Record(
  Type.String(),
  Type.Union([ExpectedStatus, RegionExpect], {
    error: 'Must be "pass", "fail" or, under a runner\'s name, an object such as {"eu-*": "pass"}.',
  }),
  {
    description:
      "What is expected where: globs over region names (`*`, `?`), of which the first that fits counts. Under a runner's name: the same for that runner, which comes first. Where nothing fits, `pass` is expected.",
    examples: [{ "eu-*": "pass", "us-*": "fail" }],
  },
);
export type Expect = Static<typeof Expect>;

export const Verdict = Type.Union([Type.Literal("expected"), Type.Literal("unexpected")], {
  description: "Whether it is what was expected; an `error` never is.",
});
export type Verdict = Static<typeof Verdict>;

export const Policy = Type.Union(
  [
    Type.Literal("all"),
    Type.Literal("any"),
    Type.Literal("majority"),
    Type.Object(
      { atLeast: Type.Integer({ minimum: 1, description: "So many regions." }) },
      { additionalProperties: false },
    ),
  ],
  {
    error: 'Must be "all", "any", "majority" or {"atLeast": n} with n from 1.',
    description:
      "In how many regions each runner has to answer as expected: `all` (the default), `any`, `majority` (more than half) or `{atLeast: n}`.",
    examples: ["majority"],
  },
);
export type Policy = Static<typeof Policy>;

/** What is expected in a region: what the first glob in written order that fits it says. */
export function expectedIn(
  expect: RegionExpect,
  region: string | undefined,
): ExpectedStatus | undefined {
  const fits = Object.entries(expect).find(([glob]) => matchesGlob(glob, region ?? ""));
  return fits?.[1];
}

export function verdictOf(status: ResultStatus, expected: ExpectedStatus): Verdict {
  return status === expected ? "expected" : "unexpected";
}

/** Whether so many of so many regions are enough. */
export function meetsPolicy(policy: Policy, expected: number, regions: number): boolean {
  if (policy === "all") return expected === regions;
  if (policy === "any") return expected >= 1;
  if (policy === "majority") return expected * 2 > regions;
  return expected >= policy.atLeast;
}
