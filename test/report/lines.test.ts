/** Reports for terminals and build logs: no control character, and no command but our own. */
import { describe, expect, test } from "bun:test";

import type { RunSummary } from "../../src/domain/run.ts";
import { matrixOf } from "../../src/report/cells.ts";
import { type FormatName, FORMATS } from "../../src/report/formats.ts";
import { matrixLines } from "../../src/report/matrix.ts";
import { writeTerminal } from "../../src/report/text.ts";
import { ENDED, PASSED, sourceOf, written } from "./fixture.ts";
import { CORPUS, hostileRun } from "./hostile.ts";

const report = (name: FormatName, run: RunSummary): Promise<string> =>
  written(FORMATS[name].write(sourceOf(run)));

/** Whatever a terminal or the eye obeys, except for the newline. */
const CONTROLS =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** A workflow command, as the runner of GitHub Actions finds it: version 2 leads a line. */
function commandsOf(text: string): { name: string; properties: string; data: string }[] {
  return text.split(/\r\n|\r|\n/).flatMap((line) => {
    const found = /^\s*::([^ :]+)(?: (.*?))?::(.*)$/.exec(line);
    return found ? [{ name: found[1]!, properties: found[2] ?? "", data: found[3]! }] : [];
  });
}

describe.each(["txt", "list", "dot", "github"] as const)("%s", (name) => {
  test("has no control character, whatever a runner said", async () => {
    expect((await report(name, hostileRun())).match(CONTROLS)).toBeNull();
  });

  test("gives no build server a command of a runner's making", async () => {
    const text = await report(name, hostileRun());
    expect(text.match(/##\w*\[/)).toBeNull();
    const commands = commandsOf(text);
    expect(commands.filter(({ name }) => name !== "error")).toEqual([]);
    if (name !== "github") expect(commands).toEqual([]);
  });

  test("ends with the counts", async () => {
    const last = (await report(name, ENDED)).trimEnd().split("\n").at(-1);
    expect(last).toBe(
      "Run run_0192-golden timed out after 1 min 4 s. 13 results: 3 passed, 2 failed, 8 errored; 7 jobs.",
    );
  });
});

describe("list", () => {
  test("has one line per result, whatever is in it, and one for the run", async () => {
    const lines = (await report("list", hostileRun())).trimEnd().split("\n");
    expect(lines).toHaveLength(3 * CORPUS.length + 1);
  });
});

describe("dot", () => {
  test("breaks the line after 80 characters", async () => {
    const [job] = PASSED.jobs;
    const results = Array.from({ length: 200 }, () => job!.results[0]!);
    const jobs = [{ ...job!, results }];
    const lines = (await report("dot", { ...PASSED, jobs })).split("\n");
    expect(lines.slice(0, 3).map(({ length }) => length)).toEqual([80, 80, 40]);
  });
});

function failing(name: string, url: string): RunSummary {
  const [job] = PASSED.jobs;
  const results = [
    {
      name,
      status: "error" as const,
      errorMessage: `100% ${name}`,
      errorSource: "runner" as const,
    },
  ];
  return { ...PASSED, jobs: [{ ...job!, url, region: "eu", results }] };
}

describe("github", () => {
  test("escapes what the runner of GitHub Actions unescapes", async () => {
    const [command] = commandsOf(
      await report("github", failing("a:b,c%d", "https://shop.example/")),
    );
    expect(command).toEqual({
      name: "error",
      properties: "title=1 error%3A runner",
      data: "100%25 a:b,c%25d (a:b,c%25d in eu)",
    });
  });

  test("makes one annotation of a cause, and one of a runner that failed in several regions", async () => {
    const [job] = PASSED.jobs;
    const regions = ["eu", "us", "ap"];
    const jobs = regions.map((region, index) => ({
      ...job!,
      region,
      results: [{ name: "banner", status: index === 0 ? ("pass" as const) : ("fail" as const) }],
    }));
    const [command, ...more] = commandsOf(await report("github", { ...PASSED, jobs }));
    expect(more).toEqual([]);
    expect(command?.data).toBe("banner at https://shop.example/ failed in us, ap, passed in eu.");
  });

  test("makes no more than the ten that GitHub shows, and says how many there are", async () => {
    const [job] = PASSED.jobs;
    const jobs = Array.from({ length: 25 }, (_, index) => ({
      ...job!,
      url: `https://shop.example/${index}`,
      results: [{ name: "banner", status: "fail" as const }],
    }));
    const commands = commandsOf(await report("github", { ...PASSED, jobs }));
    expect(commands).toHaveLength(10);
    expect(commands.at(-1)?.data).toBe("16 more are in the summary of this job.");
  });
});

describe("matrixLines", () => {
  const matrix = matrixOf(ENDED.jobs, { rows: 100, regions: 100 });

  test.each([20, 30, 45, 60, 80, 100, 120, 160, 200])("is no wider than %d columns", (width) => {
    for (const line of matrixLines(matrix, { color: false, width })) {
      expect([line, Bun.stringWidth(line) <= width]).toEqual([line, true]);
    }
    const colored = matrixLines(matrix, { color: true, width });
    for (const line of colored) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width);
  });

  test.each([20, 60, 120, 500])("shows every cell at %d columns", (width) => {
    const text = matrixLines(matrix, { color: false, width }).join("\n");
    expect([...text.matchAll(/✓/g)]).toHaveLength(ENDED.summary.passed);
    expect([...text.matchAll(/✗/g)]).toHaveLength(ENDED.summary.failed);
    expect([...text.matchAll(/! /g)]).toHaveLength(ENDED.summary.errored);
  });

  test("has no codes but those that colour, on a terminal", async () => {
    const text = await written(writeTerminal(sourceOf(hostileRun()), { color: true, width: 80 }));
    const codes = new Set(text.match(/\u001b[^m]*m?/g));
    expect([...codes].toSorted()).toEqual(["\u001b[0m", "\u001b[31m", "\u001b[32m", "\u001b[35m"]);
  });
});
