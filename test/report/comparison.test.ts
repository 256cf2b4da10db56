/** What a report says of a comparison: rows and cells by names that tell them apart, and true counts. */
import { describe, expect, test } from "bun:test";

import type {
  Cause,
  ComparedCell,
  ComparedRow,
  ComparisonSource,
} from "../../src/domain/comparison.ts";
import { viewOfComparison } from "../../src/report/comparison.ts";
import { comparisonLines } from "../../src/report/text.ts";

const cause = (cells: number): Cause => ({
  cause: "banner answered fail",
  status: "fail",
  cells,
  regions: ["us-1"],
  where: "us-1",
  runners: ["banner"],
});

const CELL: ComparedCell = { region: "us-1", status: "fail", change: "new-failure" };

function row(path: string, more: Partial<ComparedRow> = {}): ComparedRow {
  const url = `https://shop.example/${path}`;
  const rerun = `again banner us-1 ${url}`;
  const answers = [
    { value: "pass", regions: ["eu-1"], cells: 1 },
    { value: "fail", regions: ["us-1"], cells: 1 },
  ];
  return {
    runner: "banner",
    url,
    cells: [
      { region: "eu-1", status: "pass", change: "same" },
      { ...CELL, rerun },
    ],
    differences: [{ path: "status", answers }],
    ...more,
  };
}

async function linesOf(rows: readonly ComparedRow[]): Promise<string[]> {
  const cells = rows.flatMap((one) => one.cells);
  const red = cells.filter(({ status }) => status === "fail").length;
  const changed = (change: string): number => cells.filter((cell) => cell.change === change).length;
  const source: ComparisonSource = {
    head: {
      runId: "run_1",
      mode: "remote",
      state: "completed",
      ignore: [],
      summary: { total: cells.length, passed: cells.length - red, failed: red, errored: 0 },
    },
    rows: (async function* () {
      yield* rows;
    })(),
    totals: () => ({
      regions: ["eu-1", "us-1"],
      red,
      causes: [cause(red)],
      changes: {
        "new-failure": changed("new-failure"),
        "still-failing": 0,
        fixed: changed("fixed"),
        flaky: 0,
        same: changed("same"),
        unknown: changed("unknown"),
      },
    }),
  };
  return comparisonLines(await viewOfComparison(source, { differences: 10, cells: 2 }), 10);
}

describe("comparisonLines", () => {
  test("tells the inputs of a runner apart, and counts each url once", async () => {
    const lines = await linesOf([
      row("a", { input: { n: 1 } }),
      // Told apart by a secret, which is not shown.
      row("a", { input: { pin: "[redacted]" } }),
      row("a", { input: { pin: "[redacted]" } }),
      ...["b", "c", "d", "e"].map((path) => row(path, { input: { n: 1 } })),
      row("a", { runner: "title", input: { n: 1 } }),
    ]);
    expect(lines.filter((line) => /^ {2}(banner|title)/.test(line))).toEqual([
      "  banner with several inputs at https://shop.example/a, https://shop.example/b, https://shop.example/c and 2 more urls",
      '  title {"n":1} at https://shop.example/a',
    ]);
  });

  test("names a cell once, however many inputs it has, and counts them all", async () => {
    const inputs = [1, 2, 3].map((n) => row("a", { input: { n } }));
    const lines = await linesOf([...inputs, row("b"), row("c")]);
    expect(lines.slice(lines.indexOf("5 red cells, 1 cause: banner answered fail, us-1"))).toEqual([
      "5 red cells, 1 cause: banner answered fail, us-1",
      "To run one of them again:",
      "  again banner us-1 https://shop.example/a",
      "  again banner us-1 https://shop.example/b",
      "  … and 1 more cell",
      "",
      "Against the run before: 5 new failures, 5 as before.",
      "  new failure: banner in us-1 (3 ×) at https://shop.example/a",
      "  new failure: banner in us-1 at https://shop.example/b",
      "  … and 1 more cell",
    ]);
  });

  test("gives no command where a cell has none, and names it all the same", async () => {
    const cells = [CELL, { ...CELL, region: "eu-1", status: "pass", change: "unknown" } as const];
    expect(await linesOf([row("a", { cells, differences: [] })])).toEqual([
      "1 red cell, 1 cause: banner answered fail, us-1",
      "",
      "Against the run before: 1 new failure, 1 unknown.",
      "  new failure: banner in us-1 at https://shop.example/a",
    ]);
    expect(await linesOf([row("a")])).toContain("To run it again:");
  });
});
