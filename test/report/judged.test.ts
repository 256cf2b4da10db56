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
    {
      cause: "ERR_CERT_DATE_INVALID",
      example: "net::ERR_CERT_DATE_INVALID",
      status: "error",
      cells: 1,
      regions: ["ap-1"],
      where: "ap-1",
      runners: ["banner"],
    },
    {
      cause: "banner passed, which was not expected",
      status: "pass",
      cells: 1,
      regions: ["us-2"],
      where: "us-2",
      runners: ["banner"],
    },
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

/** The last job's answer came from elsewhere, and a runner was known to be missing. */
const DOUBTFUL: RunSummary = {
  ...RUN_SUMMARY,
  warnings: [
    {
      code: "missing_runner",
      message: 'Region "ap-1" offers no runner "banner".',
      region: "ap-1",
      runner: "banner",
    },
  ],
  jobs: RUN_SUMMARY.jobs.map((one) =>
    one.region === "us-1"
      ? { ...one, regionMismatch: { message: "The endpoint is also that of us-2, <b>." } }
      : one,
  ),
};

describe("warnings", () => {
  test.each([
    ["txt", '\n\nWarnings:\n  Region "ap-1" offers no runner "banner".\n  us-1: The endpoint is'],
    ["list", "\nWarning: us-1: The endpoint is also that of us-2, <b>.\nRun "],
    ["dot", '\nWarning: Region "ap-1" offers no runner "banner".\n'],
    ["md", '\n### Warnings\n\n- `Region "ap-1" offers no runner "banner".`\n'],
    ["html", "<li>us-1: The endpoint is also that of us-2, &lt;b&gt;.</li>"],
    ["github", "::warning title=volley::us-1: The endpoint is also that of us-2, <b>.\n"],
    ["junit", 'name="regionMismatch" value="The endpoint is also that of us-2, &lt;b&gt;."'],
    ["ctrf", '"regionMismatch":{"message":"The endpoint is also that of us-2, <b>."}'],
  ] as const)("stand in %s", async (format, text) => {
    expect(await written(FORMATS[format].write(sourceOf(DOUBTFUL)))).toContain(text);
    expect(await written(FORMATS[format].write(sourceOf(RUN_SUMMARY)))).not.toMatch(
      /warning|mismatch/i,
    );
  });

  test("of many regions are counted", async () => {
    const jobs = Array.from({ length: 100 }, (_, index) => ({
      ...job(`r-${index}`, banner("pass", true), "pass"),
      regionMismatch: { message: "The endpoint is elsewhere." },
    }));
    for (const format of ["txt", "list", "md", "html"] as const) {
      const text = await written(FORMATS[format].write(sourceOf({ ...RUN_SUMMARY, jobs })));
      expect(text).toContain("80 more warnings");
    }
  });
});

test("where a job's time went stands with its results", async () => {
  const timing = { queueMs: 3, endpointMs: 1_200, networkMs: 40 };
  const jobs = RUN_SUMMARY.jobs.map((one) => ({ ...one, timing }));
  const html = await written(FORMATS.html.write(sourceOf({ ...RUN_SUMMARY, jobs })));
  expect(html).toContain(
    "<dt>time</dt><dd>3 ms in the queue, 1.2 s at the endpoint, 40 ms on the network or waiting</dd>",
  );
  const ctrf = await written(FORMATS.ctrf.write(sourceOf({ ...RUN_SUMMARY, jobs })));
  expect(ctrf).toContain('"timing":{"queueMs":3,');
  const local = RUN_SUMMARY.jobs.map((one) => ({ ...one, timing: { queueMs: 0 } }));
  const short = await written(FORMATS.html.write(sourceOf({ ...RUN_SUMMARY, jobs: local })));
  expect(short).toContain("<dt>time</dt><dd>0 ms in the queue</dd>");
});

test("a run whose policy is met is green, and its red cells are loud all the same", async () => {
  const summary = { ...RUN_SUMMARY.summary, verdict: "expected" as const };
  const met = sourceOf({ ...RUN_SUMMARY, summary });
  expect(await written(FORMATS.md.write(met))).toStartWith("## ✅ ");
  expect(await written(FORMATS.html.write(met))).toContain("<title>✓ ");
  const annotations = await written(FORMATS.github.write(met));
  expect(annotations.match(/^::warning/gm)).toHaveLength(2);
  expect(annotations).not.toContain("::error");
  for (const format of ["txt", "md", "html", "list", "github"] as const) {
    const text = await written(FORMATS[format].write(met));
    expect(text).toContain("As expected in enough regions, but not in ap-1.");
  }
});

describe("a run whose policy is met", () => {
  const summary = { ...RUN_SUMMARY.summary, verdict: "expected" as const };
  const met = { ...RUN_SUMMARY, summary };

  test("fails no build that reads JUnit: what is red was skipped, and says why", async () => {
    const xml = await written(FORMATS.junit.write(sourceOf(met)));
    expect(xml).not.toMatch(/<failure|<error/);
    expect(xml.match(/<skipped [^>]*>/g)).toEqual([
      '<skipped message="The policy is met all the same. The runner passed, which was not expected." type="unexpected-pass">',
      '<skipped message="The policy is met all the same. net::ERR_CERT_DATE_INVALID" type="error">',
    ]);
    expect(xml).toContain('tests="4" failures="0" errors="0" skipped="2"');
    expect(xml.match(/<testsuite [^>]*skipped="1"/g)).toHaveLength(2);
  });

  test("has no failed test in CTRF, whose counts are those of its tests", async () => {
    const { results } = JSON.parse(await written(FORMATS.ctrf.write(sourceOf(met)))) as {
      results: {
        summary: object;
        tests: { status: string; rawStatus: string; message?: string }[];
      };
    };
    expect(results.tests.map(({ rawStatus, status }) => [status, rawStatus])).toEqual([
      ["passed", "pass"],
      ["passed", "fail"],
      ["other", "pass"],
      ["other", "error"],
    ]);
    expect(results.tests[3]?.message).toBe("net::ERR_CERT_DATE_INVALID");
    expect(results.summary).toMatchObject({ tests: 4, passed: 2, failed: 0, other: 2 });
  });

  test("and that was cancelled is as red as its exit code", async () => {
    const cancelled = sourceOf({ ...met, state: "cancelled" });
    expect(await written(FORMATS.junit.write(cancelled))).toContain('failures="1" errors="1"');
    expect(await written(FORMATS.ctrf.write(cancelled))).toContain('"failed":2');
    expect(await written(FORMATS.github.write(cancelled))).toMatch(/^::error/m);
    expect(await written(FORMATS.md.write(cancelled))).toStartWith("## ❌ ");
    expect(await written(FORMATS.html.write(cancelled))).toContain("<title>✗ ");
  });
});

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
    expect(list).toContain(
      "Some runners were not as expected in enough regions; others were, but not in ap-1.",
    );
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
        "  1 × ERR_CERT_DATE_INVALID, ap-1: banner",
        "    such as: net::ERR_CERT_DATE_INVALID",
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
    expect(html).toContain('<li class="fail">✗ 2 not as expected</li>');
    expect(html).toContain(`again &#39;${URL}&#39;`);
  });

  test("is reported without a comparison where nobody can tell", async () => {
    for (const format of ["txt", "md", "html"] as const) {
      expect(await report(format, false)).not.toContain("What differs");
    }
  });
});
