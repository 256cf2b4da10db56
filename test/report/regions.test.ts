/** Regions as text. */
import { describe, expect, test } from "bun:test";

import type { RegionReport } from "../../src/domain/fleet.ts";
import { regionsText } from "../../src/report/regions.ts";

const QUIET = { drift: [], history: [] };
const HEALTHY = { health: "healthy", runners: ["a", "b"], latencyMs: 42, ...QUIET } as const;
const report = (name: string, more: Partial<RegionReport>): RegionReport =>
  ({ name, ...HEALTHY, ...more, drift: more.drift ?? [], history: [] }) as RegionReport;

describe("regionsText", () => {
  test("shows health, latency, runners and every fault in aligned columns", () => {
    const { latencyMs: _latency, runners: _runners, ...silent } = report("silent", {});
    const regions = [
      report("eu-west-1", {}),
      report("us", {
        latencyMs: 1_417,
        runners: ["a"],
        drift: [
          { code: "missing_runners", message: "Lacks 1 runner that other regions offer: b." },
          { code: "version", message: "Is version 1; other regions are 2." },
        ],
      }),
      {
        name: "ap",
        health: "unhealthy" as const,
        error: "It is away.",
        ...QUIET,
        drift: [],
        history: [],
      },
      { name: "new", health: "unknown" as const, drift: [], history: [] },
      silent,
    ];
    expect(regionsText({ regions }).split("\n")).toEqual([
      "region     health       latency  runners",
      "eu-west-1  ✓ healthy      42 ms        2",
      "us         ✓ healthy    1417 ms        1  Lacks 1 runner that other regions offer: b.",
      "                                          Is version 1; other regions are 2.",
      "ap         ✗ unhealthy                    It is away.",
      "new        ? unknown                      The endpoint has not answered yet.",
      "silent     ✓ healthy",
    ]);
  });

  test("lets no control character through", () => {
    const message = 'The endpoint says it is in region "\u001b[2J\r\nx\u009b".';
    const text = regionsText({
      regions: [report("eu", { drift: [{ code: "region_mismatch", message }] })],
    });
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(text.split("\n")).toHaveLength(2);
  });

  test("says how regions are configured where there are none", () => {
    expect(regionsText({ regions: [] })).toContain("PLAYWRIGHT_RUNNERS");
  });
});
