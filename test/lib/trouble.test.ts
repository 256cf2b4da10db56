import { describe, expect, test } from "bun:test";

import { createLog } from "../../src/lib/log.ts";
import { Trouble } from "../../src/lib/trouble.ts";
import { FakeClock } from "../support/fake-clock.ts";

function observed() {
  const clock = new FakeClock();
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): unknown => lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = createLog({ write, pretty: false, now: () => 0 });
  return { clock, lines, trouble: new Trouble({ clock, log, message: "bad", over: "good" }) };
}

describe("Trouble", () => {
  test("is told at once, then now and then with how often it was met, and when it is over", () => {
    const { clock, lines, trouble } = observed();
    for (let second = 0; second < 70; second++, clock.advance(1_000)) {
      trouble.met(new Error("no"));
      trouble.met(new Error("no"));
    }
    trouble.passed();
    trouble.passed();
    expect(lines).toMatchObject([
      { level: "error", message: "bad", times: 1, error: { message: "no" } },
      { level: "error", message: "bad", times: 60 },
      { level: "error", message: "bad", times: 60 },
      { level: "info", message: "good", afterMs: 70_000 },
    ]);
  });

  test("that comes and goes fills no log", () => {
    const { clock, lines, trouble } = observed();
    for (let time = 0; time < 1_000; time++, clock.advance(10)) {
      trouble.met(new Error("no"));
      trouble.passed();
    }
    expect(lines.map(({ message }) => message)).toEqual(["bad", "good"]);
  });

  test("that nobody met is not over", () => {
    const { lines, trouble } = observed();
    trouble.passed();
    expect(lines).toEqual([]);
  });
});
