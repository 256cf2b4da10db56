/**
 * JUnit XML as Jenkins, GitLab and GitHub's test reporters read it.
 *
 * A suite is a job. Readers tell tests apart by class name and name, and some ignore suites: the
 * class name is the region, the name runner and url, which is unique and what people look for.
 * Of a run in progress only what has ended is a test. What is red and excused (`excuseOf`) is
 * skipped: readers fail a build for a failure, whatever the exit code was.
 */
import type { Job } from "../domain/job.ts";
import type { Result } from "../domain/result.ts";
import type { RunHead } from "../domain/run.ts";
import { regionOf } from "./cells.ts";
import { detailsText, logText } from "./details.ts";
import { resultNames } from "./names.ts";
import { excuseOf, frozen, isOpen, type ReportSource } from "./source.ts";
import { Tally } from "./tally.ts";
import { beginning } from "./untrusted-text.ts";
import { blame, isRed, lookOf, plainReason } from "./verdict.ts";
import { verdicts } from "./words.ts";
import { xmlAttributes, xmlText } from "./xml.ts";

/** Longest details or log of one result. */
const MAX_TEXT = 32_768;

export async function* writeJunit(given: ReportSource): AsyncGenerator<string> {
  const source = frozen(given);
  const tally = new Tally();
  for await (const job of source.jobs()) tally.add(job);
  const { head } = source;
  const excuse = excuseOf(source);
  const name = `volley ${head.runId}`;
  const root = xmlAttributes({
    name: isOpen(head) ? `${name} (in progress, ${verdicts(head, tally)})` : name,
    ...counts(tally, excuse),
    time: seconds(head.durationMs),
    timestamp: head.createdAt,
  });
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${root}>\n`;
  for await (const job of source.jobs()) if (!isOpen(job)) yield suite(job, head, excuse);
  yield "</testsuites>\n";
}

function counts({ errored, known, red, redFailed }: Tally, excuse: string | undefined) {
  if (excuse) return { tests: known, failures: 0, errors: 0, skipped: red };
  return { tests: known, failures: redFailed, errors: errored, skipped: 0 };
}

function suite(job: Job, head: RunHead, excuse: string | undefined): string {
  const { attempts, durationMs, jobId, region, results, startedAt, state, url } = job;
  const regionMismatch = job.regionMismatch?.message;
  const tally = new Tally();
  tally.add(job);
  const names = resultNames(results);
  const attributes = xmlAttributes({
    name: region === undefined ? url : `${region} ${url}`,
    ...counts(tally, excuse),
    time: seconds(durationMs),
    timestamp: startedAt,
    hostname: region,
  });
  const known = { runId: head.runId, jobId, region, url, state, attempts, regionMismatch };
  const properties = Object.entries(known)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `      <property${xmlAttributes({ name, value })}/>\n`);
  const cases = results.map((result, index) =>
    testCase(result, { excuse, classname: regionOf(job), name: `${names[index]} ${url}` }),
  );
  return `  <testsuite${attributes}>\n    <properties>\n${properties.join("")}    </properties>\n${cases.join("")}  </testsuite>\n`;
}

interface Named {
  readonly classname: string;
  readonly name: string;
  readonly excuse: string | undefined;
}

function testCase(result: Result, { classname, excuse, name }: Named): string {
  // Readers sum these up; an unknown time is none.
  const attributes = xmlAttributes({ name, classname, time: seconds(result.durationMs ?? 0) });
  const inside = fault(result, excuse) + output(result);
  if (inside === "") return `    <testcase${attributes}/>\n`;
  return `    <testcase${attributes}>\n${inside}    </testcase>\n`;
}

function fault(result: Result, excuse: string | undefined): string {
  const { errorMessage, status } = result;
  if (!isRed(result)) return "";
  const details = detailsText(result, 2);
  const body = [errorMessage, details].filter((text) => text !== undefined).join("\n");
  const [red, type] =
    status === "error" ? ["error", blame(result) || "error"] : ["failure", lookOf(result)];
  const element = excuse ? "skipped" : red;
  const reason = status === "pass" ? undefined : detailsText(result, 0);
  const said = beginning(errorMessage ?? reason ?? plainReason(result), 1_000);
  const message = excuse ? `${excuse} ${said}` : said;
  const attributes = xmlAttributes({ message, type });
  return `      <${element}${attributes}>${plain(body)}</${element}>\n`;
}

/** What the runner logged, and of a result that is not red what it returned. */
function output(result: Result): string {
  const details = isRed(result) ? undefined : detailsText(result, 0);
  const expected = lookOf(result) === "expected-fail" ? "status: fail, as expected" : undefined;
  const returned = details === undefined ? undefined : `details: ${details}`;
  const parts = [logText(result), expected, returned].filter((part) => part !== undefined);
  if (parts.length === 0) return "";
  return `      <system-out>${plain(parts.join("\n"))}</system-out>\n`;
}

/** Jenkins and GitLab attach the file that `[[ATTACHMENT|path]]` names, whoever printed it. */
function plain(text: string): string {
  return xmlText(beginning(text, MAX_TEXT)).replace(/\[\[(?=ATTACHMENT\|)/gi, "[ [");
}

function seconds(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : (ms / 1_000).toFixed(3);
}
