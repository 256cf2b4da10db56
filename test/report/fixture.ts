/**
 * Runs to report: every status, every source of an error, every end of a job, and text that breaks
 * whatever does not escape it. Fixed in every byte, for the goldens.
 */
import type { Job } from "../../src/domain/job.ts";
import type { Result } from "../../src/domain/result.ts";
import { countResults } from "../../src/domain/result.ts";
import type { RunSummary } from "../../src/domain/run.ts";
import type { ReportSource } from "../../src/report/formats.ts";

const SHOP = "https://shop.example/";
const ODD_URL = "https://shop.example/?q=a|b&c=<d>'\"`#[x](y)";

/** A small picture, too long to be spelled out in text. */
export const PICTURE =
  "data:image/png;base64," +
  "iVBORw0KGgoAAAANSUhEUgAAADAAAAAeCAIAAADlxgqWAAACPElEQVR42qXVr2vjYBjA8dcclDOLONGZETgT" +
  "Mwgzq5jomVE4EzMIj7mIicyMwpmYQTlzERM9cxRmYgblzCImOnMEZmIOwswqJjIzCvsn7mXsRy9tnq84eCkl" +
  "POLt9+2bjzFG/KhaXpXvL6/dlYHGzLER+6nMnD8NKDN3LwN2mdWhrY409tQYOFgZaMycdmT1hy3PXHdk7Y9/" +
  "3tA7R5RCdu05UPGrAxV/OVDx3pHWQvbpx64oheySLlT80YWKZVdaC9n13hWlkH34yYWKiQsVL1yo+OBKayG7" +
  "PE+UQvbhFw8q/vSg4h9vTUXz+m3Dh7uw78MWT3zY4qUPW3z0xSgnvd0T5RDtOuzBQZ/14KBves1z/GdDH/pw" +
  "Fz73oeK3PlS86kNFo9+FnQG8UY4GUDEbQMXbgWgb2gzgLgQBVPweQMXfgVbRmBD+aLshvFGOQ6h4HkLFu/Ct" +
  "wjo6IqIjIjoioiPS6YiJjpjoiImOmOiIdTqGRMeQ6BgSHUOdjoToSIiOhOhIiI5Ep2NEdIyIjhHRMZLWQnZt" +
  "pHAX9lOoeJJCxcsUKj6mOh1jomNMdIyJjrFOx4TomBAdE6Jj8p90ZERHRnRkREem0zElOqZEx5TomOp05ERH" +
  "TnTkREdOdOSiHdnWDO7CwQwqns6g4vWsteITHQXRURAdBdFREB2FTkdJdJRER0l0lDodFdFRER0V0VERHZVO" +
  "x5zomBMdc6JjrtNREx010VETHTXRUYtRMm4v4I1yuICKZwuoeLNoRvoL96AzQJaSObgAAAAASUVORK5CYII=";

const at = (second: number): string => new Date(Date.UTC(2024, 0, 1, 0, 0, second)).toISOString();

const pass = (name: string, more: Partial<Result> = {}): Result => ({
  name,
  status: "pass",
  durationMs: 812,
  ...more,
});

function error(name: string, message: string, source: string, code?: string): Result {
  const errorSource = source as NonNullable<Result["errorSource"]>;
  return {
    name,
    status: "error",
    errorMessage: message,
    ...(code === undefined ? {} : { errorCode: code }),
    errorSource,
  };
}

function ended(index: number, job: Partial<Job> & Pick<Job, "url" | "results">): Job {
  return {
    jobId: `job_${index}`,
    state: "completed",
    attempts: 1,
    startedAt: at(index),
    completedAt: at(index + 2),
    durationMs: 2_000,
    ...job,
  };
}

/** A job that did not complete: each of its runners has the job's error. */
function broken(index: number, job: Partial<Job> & Pick<Job, "url">, names: string[]): Job {
  const { errorCode, errorSource = "orchestrator", error: message = "" } = job;
  const results = names.map((name) => error(name, message, errorSource, errorCode));
  return ended(index, { state: "failed", ...job, results });
}

const REFUSED = {
  error: "The endpoint refused the connection.",
  errorCode: "connection_refused",
  errorSource: "transport",
} as const;

const ODD_NAME = 'odd "name" <b>&amp; | `tick` ü 😀 [x](javascript:1) @all #1';

const jobs: Job[] = [
  ended(1, {
    url: SHOP,
    region: "eu-west-1",
    results: [
      pass("cookieBannerTest", {
        reportedName: "cookie_banner_visible",
        details: { visible: true },
        logs: [
          { at: at(1), message: "looked for the banner", meta: { visible: true } },
          {
            at: at(2),
            message: "\u001b[31mred\u001b[0m [[ATTACHMENT|/etc/passwd]] ##[stop-commands]x",
          },
        ],
      }),
      pass("titleTest"),
      pass("titleTest", { durationMs: 64, details: "a string" }),
    ],
  }),
  ended(2, {
    url: SHOP,
    region: "us-east-1",
    attempts: 3,
    durationMs: 61_500,
    results: [
      {
        name: "cookieBannerTest",
        status: "fail",
        durationMs: 1_234,
        details: {
          screenshot: PICTURE,
          consoleErrors: ["TypeError: x is not a function"],
          visible: false,
        },
      },
      error(
        "titleTest",
        "page.goto: net::ERR_CERT_DATE_INVALID\n  at https://shop.example/\u001b[2m\nCall log",
        "target",
        "navigation_failed",
      ),
      error("titleTest", "boom ]]> \u0000\u0007\u009b\u202e\ufffe end", "runner"),
    ],
  }),
  broken(3, { url: SHOP, region: "ap-southeast-1", ...REFUSED }, [
    "cookieBannerTest",
    "titleTest",
    "titleTest",
  ]),
  ended(4, {
    url: ODD_URL,
    region: "eu-west-1",
    results: [
      {
        name: ODD_NAME,
        status: "fail",
        durationMs: 5,
        details: {
          html: "</pre></details><script>alert(1)</script>",
          fence: "```\n~~~",
          url: "data:text/html,<b>",
        },
        errorMessage: "::error::not a command\r\n%0A, really: |",
      },
    ],
  }),
  broken(
    5,
    {
      url: ODD_URL,
      region: "us-east-1",
      state: "timed_out",
      error: "The job took longer than its limit of 30000 ms.",
      errorCode: "job_timed_out",
      errorSource: "timeout",
    },
    [ODD_NAME],
  ),
  broken(
    6,
    {
      url: ODD_URL,
      region: "ap-southeast-1",
      state: "cancelled",
      attempts: 0,
      error: "The run was cancelled.",
      errorCode: "cancelled",
      errorSource: "cancelled",
    },
    [ODD_NAME],
  ),
  broken(
    7,
    {
      url: "https://local.example/",
      error: "The orchestrator could not dispatch it.",
      errorCode: "internal",
    },
    ["noRegion"],
  ),
];
const { completedAt: _end, durationMs: _took, startedAt: _start, ...neverStarted } = jobs[5]!;
jobs[5] = { ...neverStarted, completedAt: at(9) };

function summaryOf(jobs: readonly Job[], total: number): RunSummary["summary"] {
  return { total, ...countResults(jobs.flatMap(({ results }) => results)) };
}

/** Ended, with everything there is. */
export const ENDED: RunSummary = {
  runId: "run_0192-golden",
  parentRunId: "run_parent",
  mode: "remote",
  tags: ["nightly", "a|b <i>@all</i>"],
  state: "timed_out",
  jobs,
  summary: summaryOf(jobs, 13),
  createdAt: at(0),
  completedAt: at(63),
  durationMs: 63_500,
};

/** Everything passed. */
export const PASSED: RunSummary = {
  runId: "run_passed",
  mode: "local",
  tags: [],
  state: "completed",
  jobs: [ended(1, { url: SHOP, results: [pass("titleTest")] })],
  summary: { total: 1, passed: 1, failed: 0, errored: 0 },
  createdAt: at(0),
  completedAt: at(3),
  durationMs: 3_000,
};

const open = (index: number, job: Partial<Job>): Job => ({
  jobId: `job_${index}`,
  url: SHOP,
  state: "queued",
  attempts: 0,
  results: [],
  ...job,
});
const partly: Job[] = [
  jobs[0]!,
  open(2, { region: "us-east-1", state: "running", attempts: 1, startedAt: at(2) }),
  open(3, { region: "ap-southeast-1" }),
  open(4, { region: "eu-west-1", url: "https://shop.example/checkout" }),
];

/** In progress: one job has ended, one runs, two wait. */
export const RUNNING: RunSummary = {
  runId: "run_running",
  mode: "remote",
  tags: [],
  state: "running",
  jobs: partly,
  summary: summaryOf(partly, 12),
  createdAt: at(0),
};

/** A run that is in memory as a whole; counts how often it is read. */
export function sourceOf({ jobs, ...head }: RunSummary): ReportSource & { readings: number } {
  return {
    head,
    readings: 0,
    async *jobs() {
      this.readings++;
      yield* jobs;
    },
  };
}

export async function written(chunks: AsyncIterable<string>): Promise<string> {
  return (await Array.fromAsync(chunks)).join("");
}
