/**
 * Comparison: the same runner, url and input across regions, side by side: what differs, whether
 * that was expected, who failed, and what is new.
 *
 * Every requested runner is one cell of exactly one row. Nothing in it depends on the order of
 * regions in the request.
 */
import { type Static, Type } from "@sinclair/typebox";

import { ExpectedStatus, Policy, Verdict } from "./expectation.ts";
import { RegionMismatch, State } from "./job.ts";
import { ErrorSource, ResultStatus } from "./result.ts";
import { Ignore, Mode, RunId, SummaryCounts } from "./run.ts";

/** Stands for the region of a job that has none. */
export const NO_REGION = "local";

const count = (description: string) => Type.Integer({ minimum: 0, description });
const Regions = Type.Array(Type.String(), {
  description: "Region names, sorted; `local` stands for none.",
  examples: [["ap-southeast-1", "us-east-1"]],
});

export const Change = Type.Union(
  [
    Type.Literal("new-failure"),
    Type.Literal("still-failing"),
    Type.Literal("fixed"),
    Type.Literal("flaky"),
    Type.Literal("same"),
    Type.Literal("unknown"),
  ],
  {
    description:
      "Against the previous ended run of the same runner, url, region and input. `flaky`: it has changed three times or more in the last six. `unknown`: there is no previous answer.",
  },
);
export type Change = Static<typeof Change>;

export const ComparedCell = Type.Object(
  {
    region: Type.Optional(Type.String({ description: "The region that was asked." })),
    status: Type.Optional(ResultStatus),
    state: Type.Optional(State),
    expected: Type.Optional(ExpectedStatus),
    verdict: Type.Optional(Verdict),
    change: Type.Optional(Change),
    durationMs: Type.Optional(count("How long the runner took, in milliseconds.")),
    errorMessage: Type.Optional(Type.String({ description: "Why there is no verdict." })),
    errorCode: Type.Optional(Type.String({ description: "A stable code for `errorMessage`." })),
    errorSource: Type.Optional(ErrorSource),
    regionMismatch: Type.Optional(RegionMismatch),
    curl: Type.Optional(
      Type.String({
        description:
          "The call of the endpoint as a shell command, of a red cell. `$ENDPOINT` and `$TOKEN` stand for what is not shown; absent where the input is too long.",
      }),
    ),
    rerun: Type.Optional(
      Type.String({ description: "A shell command that runs just this cell again, if it is red." }),
    ),
  },
  {
    additionalProperties: false,
    description:
      "One runner in one region. `state` stands in the place of `status` until the job has ended.",
  },
);
export type ComparedCell = Static<typeof ComparedCell>;

const Answer = Type.Object(
  {
    value: Type.Optional(
      Type.Unknown({ description: "The value; of a long one the beginning of its JSON." }),
    ),
    missing: Type.Optional(Type.Literal(true, { description: "There is no value here." })),
    shortened: Type.Optional(
      Type.Object(
        {
          characters: count("Length of the value's JSON."),
          sha256: Type.String({
            description: "Digest of its canonical JSON, the first 16 digits.",
          }),
        },
        { additionalProperties: false, description: "What `value` was before it was cut." },
      ),
    ),
    regions: Regions,
    cells: count("How many cells gave this answer."),
  },
  { additionalProperties: false, description: "One answer, and who gave it." },
);
export type Answer = Static<typeof Answer>;

export const Difference = Type.Object(
  {
    path: Type.String({
      description: "`status`, or a JSON path into the details.",
      examples: ["details.visible"],
    }),
    answers: Type.Array(Answer, { description: "What most cells answered comes first." }),
  },
  { additionalProperties: false, description: "Something that is not the same in all regions." },
);
export type Difference = Static<typeof Difference>;

export const ComparedRow = Type.Object(
  {
    runner: Type.String({ description: "The runner's name, as requested." }),
    url: Type.String({ description: "The URL under test." }),
    input: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: "The input beside `url`." }),
    ),
    verdict: Type.Optional(Verdict),
    localized: Type.Optional(Regions),
    cells: Type.Array(ComparedCell, { description: "By region." }),
    differences: Type.Array(Difference, { description: "Empty where all regions agree." }),
    moreDifferences: Type.Optional(
      Type.Literal(true, { description: "There are more than could be listed." }),
    ),
  },
  { additionalProperties: false, description: "One runner with one input on one url, everywhere." },
);
export type ComparedRow = Static<typeof ComparedRow>;

export const Cause = Type.Object(
  {
    cause: Type.String({
      description:
        "What the errors have in common: their code, else their text, without the particulars in which they differ.",
      examples: ["ERR_CERT_DATE_INVALID"],
    }),
    example: Type.Optional(Type.String({ description: "One of the errors, as it was told." })),
    status: ResultStatus,
    errorSource: Type.Optional(ErrorSource),
    errorCode: Type.Optional(Type.String({ description: "The stable code of the errors." })),
    cells: count("Red cells of this cause."),
    regions: Regions,
    where: Type.String({
      description: "The regions in short; a glob stands for all that fit it.",
      examples: ["all eu-*"],
    }),
    runners: Type.Array(Type.String(), {
      description: "Names of the runners, sorted; the first five.",
      examples: [["cookieBannerTest"]],
    }),
    moreRunners: Type.Optional(
      Type.Integer({ minimum: 1, description: "How many more runners there are." }),
    ),
  },
  { additionalProperties: false, description: "Why some cells are red." },
);
export type Cause = Static<typeof Cause>;

export const ChangeCounts = Type.Object(
  {
    "new-failure": count("Cells that are red and were not."),
    "still-failing": count("Cells that are red and were."),
    fixed: count("Cells that were red and are not."),
    flaky: count("Cells that keep changing."),
    same: count("Cells that are not red and were not."),
    unknown: count("Cells without a previous answer, or without an answer yet."),
  },
  { additionalProperties: false, description: "How many cells changed how." },
);
export type ChangeCounts = Static<typeof ChangeCounts>;

export const Comparison = Type.Object(
  {
    runId: RunId,
    mode: Mode,
    state: State,
    policy: Type.Optional(Policy),
    ignore: Ignore,
    summary: SummaryCounts,
    rows: Type.Array(ComparedRow, {
      description: "By url in the order of the run, then by runner and input.",
    }),
    regions: Regions,
    red: count("Cells that are red: unexpected, or not `pass` where nothing was said."),
    causes: Type.Array(Cause, {
      description: "Why cells are red, the most frequent first; their counts add up to `red`.",
    }),
    changes: ChangeCounts,
  },
  { additionalProperties: false, description: "A run's regions side by side." },
);
export type Comparison = Static<typeof Comparison>;

/** What a comparison says of the run as a whole, known once all rows are. */
export type ComparisonTotals = Pick<Comparison, "regions" | "red" | "causes" | "changes">;

/** A comparison told row by row, of a run of any size. */
export interface ComparisonSource {
  readonly head: Omit<Comparison, "rows" | keyof ComparisonTotals>;
  /** Read once, to the end, before `totals` is called. */
  readonly rows: AsyncIterable<ComparedRow>;
  readonly totals: () => ComparisonTotals;
}
