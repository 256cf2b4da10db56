import { describe, expect, test } from "bun:test";

import { createLog, type Log, silentLog, withoutControls } from "../../src/lib/log.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const EVERY_CONTROL = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).join("");
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/;

function recorded(pretty: boolean): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { lines, log: createLog({ pretty, write: (line) => lines.push(line), now: () => NOW }) };
}

/** The text of the only line, without the newline that ends it. */
function only(lines: readonly string[]): string {
  expect(lines).toHaveLength(1);
  expect(lines[0]!.endsWith("\n")).toBe(true);
  return lines[0]!.slice(0, -1);
}

describe("createLog as JSON", () => {
  test("writes one JSON object per line", () => {
    const { lines, log } = recorded(false);
    log.warn("slow", { runId: "r1", ms: 12, nested: { a: [1] } });
    expect(JSON.parse(only(lines))).toEqual({
      time: "2026-01-02T03:04:05.006Z",
      level: "warn",
      message: "slow",
      runId: "r1",
      ms: 12,
      nested: { a: [1] },
    });
  });

  test("tells what an error was", () => {
    const { lines, log } = recorded(false);
    log.error("failed", { error: new RangeError("too far") });
    expect(JSON.parse(only(lines)).error).toMatchObject({ name: "RangeError", message: "too far" });
  });

  test("does not let a field replace the time, the level or the message", () => {
    const { lines, log } = recorded(false);
    log.error("real", { time: "forged", level: "info", message: "forged" });
    expect(JSON.parse(only(lines))).toMatchObject({
      time: "2026-01-02T03:04:05.006Z",
      level: "error",
      message: "real",
    });
  });

  test("holds no raw control character, and loses none", () => {
    const { lines, log } = recorded(false);
    log.info(`m${EVERY_CONTROL}`, { [`k${EVERY_CONTROL}`]: `v${EVERY_CONTROL}` });
    const line = only(lines);
    expect(line).not.toMatch(CONTROLS);
    expect(JSON.parse(line)[`k${EVERY_CONTROL}`]).toBe(`v${EVERY_CONTROL}`);
  });
});

describe("createLog for a terminal", () => {
  test("writes the time, the message and the fields", () => {
    const { lines, log } = recorded(true);
    log.info("run ended", { state: "completed", jobs: 3, tags: ["a"] });
    expect(only(lines)).toBe('03:04:05 run ended state=completed jobs=3 tags=["a"]');
  });

  test("names the level unless it is info", () => {
    const { lines, log } = recorded(true);
    log.warn("w");
    log.error("e");
    expect(lines).toEqual(["03:04:05 WARN w\n", "03:04:05 ERROR e\n"]);
  });

  test("holds no raw control character, so nothing can forge a line or drive the terminal", () => {
    const { lines, log } = recorded(true);
    log.info(`m${EVERY_CONTROL}`, { [`k${EVERY_CONTROL}`]: `v${EVERY_CONTROL}`, deep: ["\u009b"] });
    expect(only(lines)).not.toMatch(CONTROLS);
  });
});

describe("Log.with", () => {
  test.each([true, false])("puts its fields on every line (pretty: %p)", (pretty) => {
    const { lines, log } = recorded(pretty);
    const bound = log.with({ runId: "r1" }).with({ jobId: "j1" });
    bound.info("a", { extra: 1 });
    bound.info("b");
    log.info("c");
    expect(lines[0]).toContain("r1");
    expect(lines[1]).toContain("r1");
    expect(lines[1]).toContain("j1");
    expect(lines[1]).not.toContain("extra");
    expect(lines[2]).not.toContain("r1");
  });
});

describe("silentLog", () => {
  test("accepts everything", () => {
    expect(() => silentLog.with({ a: 1 }).error("x", { error: new Error("y") })).not.toThrow();
  });
});

describe("withoutControls", () => {
  test("replaces C0 and C1 characters one for one and keeps the rest", () => {
    expect(withoutControls("a\u001b[2Jb\r\n\u009bé 😀\u00a0")).toBe("a·[2Jb···é 😀\u00a0");
  });
});
