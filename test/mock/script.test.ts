/** Scripts of a mock runner: what is understood, and what is refused by name. */
import { describe, expect, test } from "bun:test";

import { parseScript, scriptHelp } from "../../src/mock/script.ts";

/** The single entry of a script without faults. */
function entry(word: string): unknown {
  const { entries, faults } = parseScript([word]);
  expect([faults, entries.length]).toEqual([[], 1]);
  return entries[0];
}

describe("parseScript", () => {
  test.each([
    "pass",
    "fail",
    "error",
    "hang",
    "reset",
    "garbage",
    "huge",
    "redirect",
    "missing",
    "short",
  ])("knows %s, and the help names it", (kind) => {
    expect(entry(kind)).toEqual({ kind, text: kind });
    expect(scriptHelp()).toMatch(new RegExp(`^  ${kind} +\\S`, "m"));
  });

  test.each<[string, object]>([
    ["slow:3s", { kind: "slow", ms: 3_000 }],
    ["slow:24h", { kind: "slow", ms: 86_400_000 }],
    ["flaky:0", { kind: "flaky", chance: 0 }],
    ["flaky:0.3", { kind: "flaky", chance: 0.3 }],
    ["flaky:1.0", { kind: "flaky", chance: 1 }],
    ["region:us-east-1", { kind: "region", region: "us-east-1" }],
    ["400", { kind: "status", status: 400 }],
    ["599", { kind: "status", status: 599 }],
    ["429:2s", { kind: "status", status: 429, retryAfter: 2 }],
    ["503:1500ms", { kind: "status", status: 503, retryAfter: 2 }],
  ])("reads the argument of %s", (text, action) => {
    expect(entry(text)).toEqual({ ...action, text });
  });

  test("keeps the order, and repeats what is to be repeated", () => {
    const { entries } = parseScript(["pass*3", "500", "slow:1s*2"]);
    expect(entries.map(({ text }) => text)).toEqual([
      "pass",
      "pass",
      "pass",
      "500",
      "slow:1s",
      "slow:1s",
    ]);
  });

  test.each([
    ["foo", "is not an entry"],
    ["PASS", "is not an entry"],
    ["pass:1", "is not an entry"],
    ["__proto__", "is not an entry"],
    ["constructor", "is not an entry"],
    ["*3", "is not an entry"],
    ["200", "is not an entry"],
    ["399", "is not an entry"],
    ["600", "is not an entry"],
    ["5000", "is not an entry"],
    ["slow", "needs a time"],
    ["slow:", "needs a time"],
    ["slow:3", "needs a time"],
    ["slow:25h", "needs a time"],
    ["flaky", "needs a chance"],
    ["flaky:1.1", "needs a chance"],
    ["flaky:-1", "needs a chance"],
    ["flaky:1e-1", "needs a chance"],
    ["region", "needs the name"],
    ["region:-x", "needs the name"],
    ["500:", "needs a time"],
    ["500:soon", "needs a time"],
    ["404:2s", "only 429 and 5xx"],
    ["pass*0", "from 1 to 1000"],
    ["pass*1001", "from 1 to 1000"],
  ])("refuses %s by name", (word, why) => {
    const { entries, faults } = parseScript(["fail", word]);
    expect(entries.map(({ text }) => text)).toEqual(["fail"]);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toStartWith(`"${word}" `);
    expect(faults[0]).toContain(why);
  });
});
