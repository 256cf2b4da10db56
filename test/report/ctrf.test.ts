/** CTRF, checked with the schema and the counting of the format's own package. */
import { describe, expect, test } from "bun:test";

import { calculateSummary, type CTRFReport, validate } from "ctrf";

import type { RunSummary } from "../../src/domain/run.ts";
import { FORMATS } from "../../src/report/formats.ts";
import { ENDED, PASSED, RUNNING, sourceOf, written } from "./fixture.ts";
import { hostileRun } from "./hostile.ts";

const RUNS: readonly (readonly [string, RunSummary])[] = [
  ["ended", ENDED],
  ["all passed", PASSED],
  ["in progress", RUNNING],
  ["hostile", hostileRun()],
];

const ctrf = async (run: RunSummary): Promise<CTRFReport> =>
  JSON.parse(await written(FORMATS.ctrf.write(sourceOf(run)))) as CTRFReport;

describe.each(RUNS)("the CTRF report of a run that is %s", (_name, run) => {
  test("is valid against the published schema", async () => {
    const { errors, valid } = validate(await ctrf(run));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBeTrue();
  });

  test("has the summary that its tests add up to", async () => {
    const { summary, tests } = (await ctrf(run)).results;
    const { failed, other, passed, pending, skipped, tests: count } = calculateSummary(tests);
    expect(summary).toMatchObject({ failed, other, passed, pending, skipped, tests: count });
    const { errored, failed: fails, passed: passes } = run.summary;
    expect([summary.passed, summary.failed]).toEqual([passes, fails + errored]);
    expect(summary.extra).toMatchObject({ requested: run.summary.total, failed: fails, errored });
    expect(summary.stop).toBeGreaterThanOrEqual(summary.start);
  });
});

describe("the CTRF report", () => {
  test("is refused by the schema when it is wrong", async () => {
    const report = await ctrf(PASSED);
    (report.results.tests[0] as { status: string }).status = "pass";
    expect(validate(report).valid).toBeFalse();
  });

  test("tells a failure from an error, and who is to blame", async () => {
    const { tests } = (await ctrf(ENDED)).results;
    expect(tests.map(({ rawStatus }) => rawStatus)).toEqual(
      ENDED.jobs.flatMap(({ results }) => results.map(({ status }) => status as string)),
    );
    expect(tests[6]).toMatchObject({
      status: "failed",
      message: "The endpoint refused the connection.",
      extra: {
        errorSource: "transport",
        errorCode: "connection_refused",
        region: "ap-southeast-1",
      },
    });
  });
});
