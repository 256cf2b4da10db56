/** What `--since` takes. */
import { describe, expect, test } from "bun:test";

import { pastTime } from "../../src/cli/past-time.ts";
import { FlagFault } from "../../src/lib/flags.ts";

const { parse } = pastTime("…");

describe("pastTime", () => {
  test.each([
    ["2024-01-01", "2024-01-01T00:00:00.000Z"],
    ["2024-01-01T10:30:00Z", "2024-01-01T10:30:00.000Z"],
    ["2024-01-01T10:30:00+02:00", "2024-01-01T08:30:00.000Z"],
    ["9999999999999d", "1970-01-01T00:00:00.000Z"],
  ])("reads %s as %s", (text, expected) => {
    expect(parse(text)).toBe(expected);
  });

  test("counts back from now", () => {
    const before = Date.now();
    const at = Date.parse(parse("2h") ?? "");
    expect(at).toBeGreaterThanOrEqual(before - 7_200_000);
    expect(at).toBeLessThanOrEqual(Date.now() - 7_200_000);
  });

  test.each(["", "24", "yesterday", "2h ago", "2024-13-01", "2024"])("refuses %j", (text) => {
    expect(() => parse(text)).toThrow(FlagFault);
  });
});
