/**
 * Job: all runners of one run that share one (url, region); it is dispatched as one request.
 *
 * A job that has ended holds exactly one result per requested runner, in the order of the request.
 */
import { type Static, Type } from "@sinclair/typebox";

import { ErrorSource, Result } from "./result.ts";

export const State = Type.Union(
  [
    Type.Literal("queued"),
    Type.Literal("running"),
    Type.Literal("completed"),
    Type.Literal("failed"),
    Type.Literal("timed_out"),
    Type.Literal("cancelled"),
  ],
  { description: "`completed`, `failed`, `timed_out` and `cancelled` are final." },
);
/** The state of a job, and of a run. */
export type State = Static<typeof State>;
export type EndState = Exclude<State, "queued" | "running">;

export const RegionMismatch = Type.Object(
  {
    message: Type.String({
      description: "One sentence for a person.",
      examples: ['The endpoint says it is in region "eu-west-1".'],
    }),
    reported: Type.Optional(
      Type.String({
        description: "The region the endpoint says it is in.",
        examples: ["eu-west-1"],
      }),
    ),
    sharedWith: Type.Optional(
      Type.Array(Type.String(), {
        description: "Other regions that are configured with the same endpoint.",
        examples: [["eu-west-1"]],
      }),
    ),
  },
  {
    additionalProperties: false,
    description: "Why the answer may not be one of the region that was asked; absent if it is.",
  },
);
export type RegionMismatch = Static<typeof RegionMismatch>;

const milliseconds = (description: string) => Type.Integer({ minimum: 0, description });

export const Timing = Type.Object(
  {
    queueMs: milliseconds("From acceptance of the run to the first dispatch of the job."),
    endpointMs: Type.Optional(
      milliseconds("How long the runners took, as the endpoint told; absent if it did not."),
    ),
    networkMs: Type.Optional(
      milliseconds(
        "The rest: the way there and back, waiting at the endpoint, further attempts. Absent in local mode.",
      ),
    ),
  },
  { additionalProperties: false, description: "Where the job's time went, in milliseconds." },
);
export type Timing = Static<typeof Timing>;

export const Job = Type.Object(
  {
    jobId: Type.String({
      description: "`job_` and a UUIDv7; also the `Idempotency-Key` of each dispatch.",
    }),
    url: Type.String({ description: "The URL under test." }),
    region: Type.Optional(Type.String({ description: "The region that was asked." })),
    state: State,
    attempts: Type.Integer({ minimum: 0, description: "How often the job was dispatched." }),
    results: Type.Array(Result, {
      description: "One result per requested runner, in request order; empty until the job ends.",
    }),
    regionMismatch: Type.Optional(RegionMismatch),
    error: Type.Optional(
      Type.String({ description: "Why the job did not complete, in one sentence." }),
    ),
    errorCode: Type.Optional(Type.String({ description: "A stable code for `error`." })),
    errorSource: Type.Optional(ErrorSource),
    startedAt: Type.Optional(Type.String({ format: "date-time", description: "First dispatch." })),
    completedAt: Type.Optional(
      Type.String({ format: "date-time", description: "End of the job." }),
    ),
    durationMs: Type.Optional(
      Type.Integer({ minimum: 0, description: "From first dispatch to end, in milliseconds." }),
    ),
    timing: Type.Optional(Timing),
  },
  { additionalProperties: false, description: "One dispatch of a run: one URL in one region." },
);
export type Job = Static<typeof Job>;

/** A runner as a job carries it to its endpoint. */
export interface RequestedRunner {
  readonly name: string;
  readonly input?: Readonly<Record<string, unknown>>;
}

/** How a job ended. `results` is absent when nothing was answered: then each runner is an error. */
export interface JobEnd {
  readonly state: EndState;
  readonly results?: readonly Result[];
  readonly error?: string;
  readonly errorCode?: string;
  readonly errorSource?: ErrorSource;
  readonly regionMismatch?: RegionMismatch;
}

export interface JobTimes {
  readonly queueMs: number;
  /** From first dispatch to end. */
  readonly durationMs: number;
  readonly results: readonly Result[];
  /** Whether the job went over a network. */
  readonly remote: boolean;
}

/**
 * Where the time of an ended job went. An endpoint executes runners one after the other, so their
 * durations add up; if they come to more than the whole, it does not, and the longest counts.
 */
export function timingOf({ durationMs, queueMs, remote, results }: JobTimes): Timing {
  const told = results.flatMap((result) => result.durationMs ?? []);
  if (told.length === 0 || told.length < results.length) return { queueMs };
  const sum = told.reduce((total, ms) => total + ms);
  const endpointMs = Math.min(sum <= durationMs ? sum : Math.max(...told), durationMs);
  return { queueMs, endpointMs, ...(remote ? { networkMs: durationMs - endpointMs } : {}) };
}
