/** Reports of a run that is judged: red is what was not expected, whatever its status. */
import { describe, expect, test } from "bun:test";

import type { Comparison } from "../../src/domain/comparison.ts";
import type { Job } from "../../src/domain/job.ts";
import { judged, type Result } from "../../src/domain/result.ts";
import type { RunSummary } from "../../src/domain/run.ts";
import { type FormatName, FORMATS } from "../../src/report/formats.ts";
import { sourceOf, written } from "./fixture.ts";

const URL = "https://shop.example/";
const RUN = "run_judged";

const banner = (status: "pass" | "fail" | "error", visible?: boolean): Result => ({
  name: "banner",
  status,
  ...(visible === undefined ? { errorMessage: "net::ERR_CERT_DATE_INVALID" } : {}),
  ...(visible === undefined ? {} : { details: { visible } }),
});

function job(region: string, result: Result, expected: "pass" | "fail"): Job {
  const results = judged([result], [expected]);
  return { jobId: `job_${region}`, url: URL, region, state: "completed", attempts: 1, results };
}

/** As expected, and not, in both ways; and an error where a fail was expected. */
const RUN_SUMMARY: RunSummary = {
  runId: RUN,
  mode: "remote",
  tags: [],
  state: "completed",
  jobs: [
    job("eu-1", banner("pass", true), "pass"),
    job("us-1", banner("fail", false), "fail"),
    job("us-2", banner("pass", true), "fail"),
    job("ap-1", banner("error"), "fail"),
  ],
  summary: {
    total: 4,
    passed: 2,
    failed: 1,
    errored: 1,
    expected: 2,
    unexpected: 2,
    verdict: "unexpected",
    localized: ["ap-1"],
  },
  createdAt: "2026-01-01T00:00:00.000Z",
};

const overseas = { regions: ["us-1"], cells: 1 };
const COMPARISON: Comparison = {
  runId: RUN,
  mode: "remote",
  state: "completed",
  ignore: [],
  summary: RUN_SUMMARY.summary,
  rows: [
    {
      runner: "banner",
      url: URL,
      cells: [
        { region: "ap-1", status: "error", change: "new-failure", rerun: `again '${URL}'` },
        { region: "us-2", status: "pass", change: "fixed" },
      ],
      differences: [
        {
          path: "details.visible",
          answers: [
            { value: true, regions: ["eu-1", "us-2"], cells: 2 },
            { value: false, ...overseas },
          ],
        },
        {
          path: "details.note",
          answers: [
            { missing: true, ...overseas },
            { value: "<b>|`", ...overseas },
          ],
        },
      ],
    },
  ],
  regions: ["ap-1", "eu-1", "us-1", "us-2"],
  red: 2,
  causes: [
    { cause: "ERR_CERT_DATE_INVALID", cells: 1, regions: ["ap-1"], where: "ap-1" },
    { cause: "banner passed, which was not expected", cells: 1, regions: ["us-2"], where: "us-2" },
  ],
  changes: { "new-failure": 1, "still-failing": 0, fixed: 1, flaky: 0, same: 2, unknown: 0 },
};

function report(format: FormatName, compared = true): Promise<string> {
  const { causes, changes, red, regions, rows, ...head } = COMPARISON;
  const each = async function* () {
    yield* rows;
  };
  const comparison = async () => ({
    head,
    rows: each(),
    totals: () => ({ causes, changes, red, regions }),
  });
  const source = sourceOf(RUN_SUMMARY);
  return written(FORMATS[format].write(compared ? { ...source, comparison } : source));
}

describe("a judged run", () => {
  test("has no <failure> for an expected fail, and one for an unexpected pass", async () => {
    const xml = await report("junit");
    expect(xml.match(/<failure[^>]*>/g)).toEqual([
      '<failure message="The runner passed, which was not expected." type="unexpected-pass">',
    ]);
    expect(xml.match(/<error /g)).toHaveLength(1);
    expect(xml).toContain('tests="4" failures="1" errors="1"');
    expect(xml).toContain("status: fail, as expected");
  });

  test("is as red in CTRF, whose counts are those of its tests", async () => {
    const { results } = JSON.parse(await report("ctrf")) as {
      results: { summary: object; tests: { status: string; extra: { verdict: string } }[] };
    };
    expect(results.tests.map(({ extra, status }) => [status, extra.verdict])).toEqual([
      ["passed", "expected"],
      ["passed", "expected"],
      ["failed", "unexpected"],
      ["failed", "unexpected"],
    ]);
    expect(results.summary).toMatchObject({ tests: 4, passed: 2, failed: 2 });
  });

  test("says in lines what was expected", async () => {
    expect(await report("dot")).toStartWith("..FE\n");
    const list = await report("list");
    expect(list).toContain("✓ fail (expected)  us-1  banner");
    expect(list).toContain("✗ pass (unexpected)  us-2  banner");
    expect(list).toContain("2 passed, 1 failed, 1 errored, 2 not as expected");
    expect(list).toContain("Localized: ap-1.");
    expect(await report("github")).toContain("banner passed unexpectedly");
  });

  test("is compared in text", async () => {
    const text = await report("txt");
    expect(text).toContain(
      [
        "What differs:",
        `  banner at ${URL}`,
        "    details.visible: true in eu-1, us-2; false in us-1",
        '    details.note: nothing in us-1; "<b>|`" in us-1',
        "",
        "2 red cells, 2 causes:",
        "  1 × ERR_CERT_DATE_INVALID, ap-1",
        "  1 × banner passed, which was not expected, us-2",
        "To run one of them again:",
        `  again '${URL}'`,
        "  … and 1 more cell",
        "",
        "Against the run before: 1 new failure, 1 fixed, 2 as before.",
        `  new failure: banner in ap-1 at ${URL}`,
        `  fixed: banner in us-2 at ${URL}`,
      ].join("\n"),
    );
  });

  test("is compared in Markdown and HTML, where nothing of it is markup", async () => {
    const markdown = await report("md");
    expect(markdown).toContain("### What differs");
    expect(markdown).toContain("❌ pass (unexpected)");
    expect(markdown).not.toContain("<b>|");
    const html = await report("html");
    expect(html).toContain("<h2>What differs</h2>");
    expect(html).toContain("Against the run before");
    expect(html).not.toContain("<b>|");
    expect(html).toContain(`again &#39;${URL}&#39;`);
  });

  test("is reported without a comparison where nobody can tell", async () => {
    for (const format of ["txt", "md", "html"] as const) {
      expect(await report(format, false)).not.toContain("What differs");
    }
  });
});
