/**
 * CTRF, the Common Test Report Format: one test per result.
 *
 * An error is `failed` with the raw status `error`: what reads CTRF takes `other` for harmless, which
 * is what is red and excused (`excuseOf`). The summary stands last, so that one reading is enough and
 * both agree in a run in progress, too.
 */
import { version } from "../../package.json" with { type: "json" };
import type { Job } from "../domain/job.ts";
import type { Result } from "../domain/result.ts";
import type { RunHead } from "../domain/run.ts";
import { present } from "../lib/present.ts";
import { regionOf } from "./cells.ts";
import { detailsText, withoutPictures } from "./details.ts";
import { resultNames } from "./names.ts";
import { excuseOf, type ReportSource } from "./source.ts";
import { Tally } from "./tally.ts";
import { beginning, multiLine } from "./untrusted-text.ts";
import { isRed, plainReason } from "./verdict.ts";

const SPEC_VERSION = "0.0.0";
/** Longest trace of one result. */
const MAX_TRACE = 32_768;

export async function* writeCtrf(source: ReportSource): AsyncGenerator<string> {
  const { head } = source;
  const isExcused = excuseOf(source) !== undefined;
  const tally = new Tally();
  const lead = JSON.stringify({
    reportFormat: "CTRF",
    specVersion: SPEC_VERSION,
    runId: head.runId,
    generatedBy: "volley",
  });
  const tool = JSON.stringify({ name: "volley", version });
  yield `${lead.slice(0, -1)},"results":{"tool":${tool},"tests":[`;
  let stop = Date.parse(head.createdAt);
  let separator = "";
  for await (const job of source.jobs()) {
    tally.add(job);
    if (job.completedAt !== undefined) stop = Math.max(stop, Date.parse(job.completedAt));
    if (job.results.length === 0) continue;
    yield separator +
      tests(job, head, isExcused ? "other" : "failed")
        .map((test) => JSON.stringify(test))
        .join(",");
    separator = ",";
  }
  if (head.completedAt !== undefined) stop = Date.parse(head.completedAt);
  yield `],"summary":${JSON.stringify(summary(head, tally, { isExcused, stop }))}}}`;
}

function summary(
  head: RunHead,
  tally: Tally,
  { isExcused, stop }: { readonly isExcused: boolean; readonly stop: number },
) {
  const { createdAt, durationMs, state, summary } = head;
  return {
    tests: tally.known,
    passed: tally.known - tally.red,
    failed: isExcused ? 0 : tally.red,
    skipped: 0,
    pending: 0,
    other: isExcused ? tally.red : 0,
    suites: tally.jobs,
    start: Date.parse(createdAt),
    stop,
    ...present({ duration: durationMs }),
    extra: { state, requested: summary.total, failed: tally.failed, errored: tally.errored },
  };
}

/** `red`: the status of what is red. */
function tests(job: Job, { tags }: RunHead, red: "other" | "failed"): object[] {
  const names = resultNames(job.results);
  const { attempts, jobId, region, regionMismatch, timing, url } = job;
  return job.results.map((result, index) => {
    const {
      details,
      durationMs = 0,
      errorCode,
      errorSource,
      logs,
      reportedName,
      status,
      verdict,
    } = result;
    return {
      name: `${names[index]} ${job.url} (${regionOf(job)})`,
      status: isRed(result) ? red : "passed",
      duration: durationMs,
      suite: [regionOf(job), url],
      ...said(result),
      rawStatus: status,
      ...(tags.length > 0 ? { tags } : {}),
      ...(attempts > 1 ? { retries: attempts - 1 } : {}),
      ...present({ stdout: logs?.map(({ message }) => multiLine(message)) }),
      extra: {
        runner: result.name,
        url,
        ...present({
          region,
          reportedName,
          jobId,
          verdict,
          errorSource,
          errorCode,
          regionMismatch,
          timing,
        }),
        ...(details === undefined ? {} : { details: withoutPictures(details) }),
      },
    };
  });
}

/** Why a result is red. */
function said(result: Result): object {
  if (!isRed(result)) return {};
  const details = detailsText(result, 2);
  const { errorMessage } = result;
  const trace = details === undefined ? undefined : beginning(details, MAX_TRACE);
  return {
    message: errorMessage === undefined ? plainReason(result) : multiLine(errorMessage),
    ...present({ trace }),
  };
}
