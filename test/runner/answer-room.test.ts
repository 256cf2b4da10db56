import { describe, expect, test } from "bun:test";

import type { Result } from "../../src/domain/result.ts";
import { ANSWER_ROOM, fitResults } from "../../src/runner/answer-room.ts";

const at = "2026-01-02T03:04:05.678Z";
const pass = (extra: Partial<Result> = {}): Result => ({ name: "a", status: "pass", ...extra });
const bytes = (results: readonly Result[]): number => Buffer.byteLength(JSON.stringify(results));
const line = (meta: unknown) => ({ at, message: "looked", meta });

describe("fitResults", () => {
  test("leaves results as they are as long as there is room", () => {
    const results = [pass({ details: { visible: true }, logs: [line({ a: 1 })] }), pass()];
    expect(fitResults(results)).toEqual(results);
  });

  test("takes the data of logs first, from the largest result, and keeps the lines", () => {
    const chatty = pass({ logs: Array.from({ length: 50 }, () => line("x".repeat(24_000))) });
    const small = pass({ logs: [line("kept")], details: { visible: true } });
    const [first, second] = fitResults([chatty, small]);
    expect(first?.logs).toEqual(chatty.logs!.map(({ message }) => ({ at, message })));
    expect(second).toEqual(small);
  });

  test("takes details last, and never a verdict", () => {
    const results = Array.from({ length: 3 }, (_, index) =>
      pass({
        name: `r${index}`,
        status: index === 1 ? "fail" : "pass",
        details: { text: "ü".repeat(200_000 + index) },
        logs: [line("gone")],
      }),
    );
    const fitted = fitResults(results);
    expect(fitted.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "r0 pass",
      "r1 fail",
      "r2 pass",
    ]);
    expect(fitted[2]?.details).toEqual({ omitted: expect.stringContaining("left out") });
    expect(fitted[0]?.details).toEqual(results[0]?.details);
    expect(bytes(fitted)).toBeLessThan(1024 ** 2);
    expect(bytes(fitted)).toBeGreaterThan(ANSWER_ROOM / 4);
  });

  test("makes room for any number of large results", () => {
    const results = Array.from({ length: 40 }, () => pass({ details: "x".repeat(900_000) }));
    expect(bytes(fitResults(results))).toBeLessThan(ANSWER_ROOM);
  });
});
