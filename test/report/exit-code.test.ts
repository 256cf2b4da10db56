import { describe, expect, test } from "bun:test";

import type { State } from "../../src/domain/job.ts";
import type { Result } from "../../src/domain/result.ts";
import { exitCode } from "../../src/report/exit-code.ts";

type Said = Pick<Result, "status" | "errorSource">;

const pass: Said = { status: "pass" };
const fail: Said = { status: "fail" };
const threw: Said = { status: "error" };
const from = (errorSource: NonNullable<Result["errorSource"]>): Said => ({
  status: "error",
  errorSource,
});

describe("exitCode", () => {
  test.each<[string, number, State, Said[]]>([
    ["all passed", 0, "completed", [pass, pass]],
    ["one failed", 1, "completed", [pass, fail]],
    ["one threw", 1, "completed", [threw]],
    ["a runner failed", 1, "completed", [from("runner")]],
    ["a page failed", 1, "completed", [from("target")]],
    ["a region could not be reached", 3, "failed", [pass, from("transport")]],
    ["the orchestrator failed", 3, "failed", [from("orchestrator")]],
    ["a limit struck", 4, "timed_out", [from("timeout")]],
    ["a runner took too long", 4, "completed", [from("timeout")]],
    ["the run timed out", 4, "timed_out", [pass]],
    ["it was cancelled", 130, "cancelled", [pass]],
    ["a job was cancelled", 130, "cancelled", [from("cancelled")]],
    ["3 beats 1", 3, "failed", [fail, from("transport"), threw]],
    ["4 beats 3 and 1", 4, "timed_out", [fail, from("transport"), from("timeout")]],
    [
      "130 beats all",
      130,
      "cancelled",
      [fail, from("transport"), from("timeout"), from("cancelled")],
    ],
  ])("%s: %d", (_, expected, state, results) => {
    expect(exitCode({ state, results, interrupted: false })).toBe(expected);
  });

  test.each<[number, State]>([
    [0, "completed"],
    [0, "failed"],
    [0, "timed_out"],
    [130, "cancelled"],
  ])("is %d where the policy of a run that %s was met", (expected, state) => {
    const results = [fail, from("transport"), from("timeout")];
    const verdict = "expected" as const;
    expect(exitCode({ state, results, verdict, interrupted: false })).toBe(expected);
  });

  test("is 130 for whoever was interrupted, also of a run that passed", () => {
    expect(exitCode({ state: "completed", results: [pass], interrupted: true })).toBe(130);
  });
});
