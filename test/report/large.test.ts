/** Runs of any size: written in bounded memory, cut where a document must end, counted truly. */
import { describe, expect, test } from "bun:test";

import type { Job } from "../../src/domain/job.ts";
import type { Result } from "../../src/domain/result.ts";
import { type FormatName, FORMATS, type ReportSource } from "../../src/report/formats.ts";
import { writeJobSummary } from "../../src/report/markdown.ts";
import { parsedPage } from "./elements.ts";
import { written } from "./fixture.ts";

const AT = "2024-01-01T00:00:00.000Z";

/** Jobs that are made when they are read: every tenth fails, every hundredth is an error of its own. */
function large(jobs: number, more: (index: number) => Partial<Result> = () => ({})): ReportSource {
  const failed = Array.from({ length: jobs }, (_, index) => statusOf(index));
  const count = (status: string): number => failed.filter((one) => one === status).length;
  return {
    head: {
      runId: "run_large",
      mode: "remote",
      tags: [],
      state: "completed",
      summary: {
        total: jobs,
        passed: count("pass"),
        failed: count("fail"),
        errored: count("error"),
      },
      createdAt: AT,
      completedAt: AT,
      durationMs: 1,
    },
    async *jobs() {
      for (let index = 0; index < jobs; index++) yield jobOf(index, more(index));
    },
  };
}

function statusOf(index: number): Result["status"] {
  return index % 100 === 99 ? "error" : index % 10 === 9 ? "fail" : "pass";
}

/** Tells errors apart: a number alone would be a particular of one and the same. */
function lettersOf(index: number): string {
  return Array.from(String(index), (digit) => "abcdefghij"[Number(digit)]).join("");
}

function jobOf(index: number, more: Partial<Result>): Job {
  const status = statusOf(index);
  const message = status === "error" ? { errorMessage: `broken ${lettersOf(index)}` } : {};
  return {
    jobId: `job_${index}`,
    url: `https://shop.example/${index >> 2}`,
    region: `region-${index & 3}`,
    state: "completed",
    attempts: 1,
    startedAt: AT,
    completedAt: AT,
    durationMs: index,
    results: [{ name: "runner", status, durationMs: 1, ...message, ...more }],
  };
}

const JOBS = 100_000;
const DETAILS = "x".repeat(4_000);
/** What all details of the run weigh. */
const DATA_MIB = (JOBS * DETAILS.length) / 2 ** 20;

describe.each(Object.keys(FORMATS) as FormatName[])("a run of 100 000 jobs as %s", (name) => {
  test("is written in a small part of the memory that it fills", async () => {
    const source = large(JOBS, (index) => ({ details: { index, text: DETAILS } }));
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    let peak = before;
    let chunks = 0;
    for await (const _ of FORMATS[name].write(source)) {
      if (chunks++ % 1_000 === 0) peak = Math.max(peak, process.memoryUsage.rss());
    }
    peak = Math.max(peak, process.memoryUsage.rss());
    expect((peak - before) / 2 ** 20).toBeLessThan(DATA_MIB / 3);
  }, 120_000);
});

describe("a run of 10 000 jobs", () => {
  const wide = "w".repeat(8_000);
  const source = (): ReportSource =>
    large(10_000, () => ({ details: { wide, "a`|*<b>": [wide] }, name: "`|<".repeat(42) }));
  const { errored, failed, passed, total } = source().head.summary;

  test("is Markdown that fits a comment, with its true counts", async () => {
    const markdown = await written(FORMATS.md.write(source()));
    expect(markdown.length).toBeLessThan(65_536);
    expect(markdown).toStartWith(
      `## ❌ ${total} results: ${passed} passed, ${failed} failed, ${errored} errored\n`,
    );
    expect(markdown).toMatch(/… and \d+ more rows, not drawn here\./);
    expect(markdown).toMatch(/… and \d+ more\.\n/);
    expect(markdown).toMatch(/… and \d+ more causes \(\d+ red cells\)/);
  });

  test("is a job summary of less than a mebibyte", async () => {
    expect(Buffer.byteLength(await written(writeJobSummary(source())))).toBeLessThan(2 ** 20);
  });

  test("is a page that says what it does not draw, with its true counts", async () => {
    const html = await written(FORMATS.html.write(source()));
    expect(html).toContain(`<li class="pass">✓ ${passed} passed</li>`);
    expect(html).toContain(`<li class="fail">✗ ${failed} failed</li>`);
    expect(html).toContain("Not drawn: 1500 more rows");
    expect(html).toContain(
      `Not spelled out here: ${failed + errored - 500} more results that did not pass, ${passed - 200} more results that passed.`,
    );
    expect(html.split("<details>").length - 1).toBe(700);
    const { elements, errors } = parsedPage(html);
    expect(errors).toEqual([]);
    const ids = new Set(elements.map(({ attributes }) => attributes["id"]));
    const links = elements
      .filter(({ tag }) => tag === "a")
      .map(({ attributes }) => attributes["href"]!);
    expect(links.length).toBeGreaterThan(100);
    expect(links.filter((href) => !ids.has(href.slice(1)))).toEqual([]);
  }, 120_000);

  test("has every result in the formats for machines", async () => {
    expect((await written(FORMATS.junit.write(source()))).split("<testcase ").length - 1).toBe(
      total,
    );
    expect((await written(FORMATS.ndjson.write(source()))).split("\n").length - 2).toBe(total);
    const { results } = JSON.parse(await written(FORMATS.ctrf.write(source())));
    expect(results.tests).toHaveLength(total);
  }, 120_000);
});

describe("pictures", () => {
  test("are drawn until 16 MiB are full; the rest is counted", async () => {
    const picture = `data:image/png;base64,${"A".repeat(200_000)}`;
    const html = await written(FORMATS.html.write(large(2_000, () => ({ details: { picture } }))));
    const drawn = html.split("<img ").length - 1;
    expect(drawn).toBe(Math.floor((16 * 2 ** 20) / picture.length));
    // 200 that passed and 200 that did not are spelled out.
    expect(html).toContain(`, ${400 - drawn} pictures.`);
  });
});
