/**
 * Run: one submitted request and all its jobs; the shapes of the API (RunRequest in, RunStatus
 * and RunSummary out).
 *
 * In every answer `passed + failed + errored <= total == runners requested`, with equality once
 * the run has ended.
 */
import { type Static, Type } from "@sinclair/typebox";

import { Expect, Policy, RegionExpect, Verdict } from "./expectation.ts";
import { CallbackUrl, HTTP_URL_PATTERN, NOT_AN_HTTP_URL } from "./http-url.ts";
import { Job, State } from "./job.ts";
import { NOT_A_REGION, REGION_PATTERN } from "./region.ts";
import { Warnings } from "./warning.ts";

/** Path segments of the API below its base; a run cannot be named like one of them. */
export const RESERVED_RUN_IDS: readonly string[] = [
  "docs",
  "events",
  "history",
  "metrics",
  "regions",
  "spec.json",
];

/** What every schema says of a runner's name. */
export const RUNNER_NAME = {
  pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]+$",
  error: "Must have no control characters.",
  minLength: 1,
  maxLength: 128,
  examples: ["cookieBannerTest"],
};

const RunnerInput = Type.Object(
  {
    url: Type.Optional(
      Type.String({
        pattern: HTTP_URL_PATTERN,
        error: NOT_AN_HTTP_URL,
        maxLength: 8192,
        description: "The absolute http(s) URL under test. Required in both modes.",
        examples: ["https://example.com"],
      }),
    ),
  },
  {
    additionalProperties: true,
    description: "What the runner function receives; anything beside `url` is the runner's own.",
  },
);

const RunnerRequest = Type.Object(
  {
    name: Type.String({
      ...RUNNER_NAME,
      description: "The runner function to execute.",
    }),
    region: Type.Optional(
      Type.String({
        pattern: REGION_PATTERN,
        error: NOT_A_REGION,
        description:
          "A configured region. Required in remote mode; kept but not used in local mode.",
        examples: ["eu-west-1"],
      }),
    ),
    input: Type.Optional(RunnerInput),
    expect: Type.Optional(RegionExpect),
  },
  { additionalProperties: false, description: "One runner in one region." },
);
export type RunnerRequest = Static<typeof RunnerRequest>;

export const RunId = Type.String({
  pattern: "^[A-Za-z0-9_-]{1,128}$",
  error: 'Must be 1 to 128 letters, digits, "_" or "-".',
  description: "Names the run: `run_` and a UUIDv7, or what the client chose.",
  examples: ["run_abc123"],
});

const ChosenRunId = Type.String({
  ...RunId,
  pattern: `^(?!(?:${RESERVED_RUN_IDS.join("|").replaceAll(".", "\\.")})$)[A-Za-z0-9_-]{1,128}$`,
  error: 'Must be 1 to 128 letters, digits, "_" or "-", and not the name of a route, as "docs" is.',
});

const Tags = Type.Array(Type.String({ minLength: 1, maxLength: 64, examples: ["nightly"] }), {
  maxItems: 10,
  description: "Free labels, kept with the run.",
});

export const Ignore = Type.Array(
  Type.String({
    minLength: 1,
    maxLength: 256,
    description: 'A JSON path: names, `[n]`, `[*]`, `.*`, `["a name"]`.',
    examples: ["details.items[*].id"],
  }),
  {
    maxItems: 50,
    description: "What the regions' answers may differ in: paths that a comparison leaves out.",
    examples: [["details.timestamp"]],
  },
);

export const Mode = Type.Union([Type.Literal("remote"), Type.Literal("local")], {
  description:
    "`remote` dispatches to the regions' endpoints, `local` to this server's own runners.",
});
export type Mode = Static<typeof Mode>;

export const RunRequest = Type.Object(
  {
    runners: Type.Array(RunnerRequest, {
      minItems: 1,
      description: "What to run. Runners that share url and region make one job.",
    }),
    mode: Mode,
    concurrency: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          "How many jobs of this run may be in flight at once. Default: no limit of its own.",
        examples: [3],
      }),
    ),
    timeout: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: "Limit of the whole run in milliseconds, counted from acceptance.",
        examples: [60000],
      }),
    ),
    jobTimeout: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: "Limit of one attempt of one job in milliseconds, counted from its dispatch.",
        examples: [30000],
      }),
    ),
    retries: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 5,
        description:
          "How often a job is dispatched again after a transport fault, a 429 or a 5xx. Default 0.",
        examples: [2],
      }),
    ),
    strict: Type.Optional(
      Type.Boolean({
        description:
          "Ask the regions first, and refuse the run with 422 `missing_runners` if one lacks a runner asked of it. A region that cannot be asked, or does not tell, refuses nothing.",
        examples: [true],
      }),
    ),
    runId: Type.Optional(ChosenRunId),
    tags: Type.Optional(Tags),
    expect: Type.Optional(Expect),
    policy: Type.Optional(Policy),
    ignore: Type.Optional(Ignore),
    callbackUrl: Type.Optional(CallbackUrl),
  },
  {
    additionalProperties: false,
    description: "One request: which runners, in which regions, with which input.",
    examples: [
      {
        runners: [
          {
            name: "cookieBannerTest",
            region: "us-east-1",
            input: { url: "https://example.com" },
          },
          {
            name: "cookieBannerTest",
            region: "eu-west-1",
            input: { url: "https://example.com" },
          },
        ],
        mode: "remote",
      },
      {
        runners: ["us-east-1", "eu-west-1", "ap-southeast-1"].map((region) => ({
          name: "cookieBannerTest",
          region,
          input: { url: "https://example.com" },
        })),
        mode: "remote",
        expect: { "eu-*": "pass", "*": "fail" },
        policy: "all",
        ignore: ["details.timestamp"],
      },
    ],
  },
);
export type RunRequest = Static<typeof RunRequest>;

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const RunStatus = Type.Object(
  {
    runId: RunId,
    state: State,
    totalJobs: count("Jobs of the run; the four counts below add up to it."),
    completedJobs: count("Jobs in state `completed`."),
    failedJobs: count("Jobs in state `failed`, `timed_out` or `cancelled`."),
    queuedJobs: count("Jobs not yet dispatched."),
    runningJobs: count("Jobs in flight."),
    createdAt: Type.String({ format: "date-time", description: "When the run was accepted." }),
    updatedAt: Type.String({
      format: "date-time",
      description: "When anything above last changed.",
    }),
    warnings: Type.Optional(Warnings),
  },
  { additionalProperties: false, description: "Where a run stands, in live counts." },
);
export type RunStatus = Static<typeof RunStatus>;

export const SummaryCounts = Type.Object(
  {
    total: count("Runners requested."),
    passed: count("Results `pass`."),
    failed: count("Results `fail`."),
    errored: count("Results `error`."),
    expected: Type.Optional(
      count("Results that are what was expected, of a run with `expect` or `policy`."),
    ),
    unexpected: Type.Optional(count("Results that are not, of a run with `expect` or `policy`.")),
    verdict: Type.Optional(Verdict),
    localized: Type.Optional(
      Type.Array(Type.String(), {
        description:
          "Regions that did not answer as expected where the policy was met all the same; sorted.",
        examples: [["us-east-1"]],
      }),
    ),
  },
  {
    additionalProperties: false,
    description: "Counts of results; they add up once the run has ended.",
  },
);
export type SummaryCounts = Static<typeof SummaryCounts>;

export const RunSummary = Type.Object(
  {
    runId: RunId,
    parentRunId: Type.Optional(RunId),
    mode: Mode,
    tags: Tags,
    state: State,
    jobs: Type.Array(Job, { description: "All jobs, in fan-out order." }),
    summary: SummaryCounts,
    createdAt: Type.String({ format: "date-time", description: "When the run was accepted." }),
    completedAt: Type.Optional(
      Type.String({ format: "date-time", description: "End of the run." }),
    ),
    durationMs: Type.Optional(count("From acceptance to end, in milliseconds.")),
    warnings: Type.Optional(Warnings),
  },
  { additionalProperties: false, description: "A run and all its results; partial while it runs." },
);
export type RunSummary = Static<typeof RunSummary>;

const { warnings: _warnings, ...listedStatus } = RunStatus.properties;

export const ListedRun = Type.Object(
  { ...listedStatus, mode: Mode, tags: Tags, summary: SummaryCounts },
  { additionalProperties: false, description: "A run in a list." },
);
export type ListedRun = Static<typeof ListedRun>;

export const RunList = Type.Object(
  {
    runs: Type.Array(ListedRun, { description: "Newest first." }),
    nextCursor: Type.Optional(
      Type.String({
        description:
          "The `cursor` of the next page; absent on the last. A page may be short, even empty, and not be the last.",
      }),
    ),
  },
  { additionalProperties: false, description: "One page of runs." },
);
export type RunList = Static<typeof RunList>;

/** A RunSummary without its jobs, which are read in pages. */
export type RunHead = Omit<RunSummary, "jobs">;
