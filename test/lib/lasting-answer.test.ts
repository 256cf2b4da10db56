import { describe, expect, test } from "bun:test";

import { lastingAnswer } from "../../src/lib/lasting-answer.ts";

describe("lastingAnswer", () => {
  test("is asked for once while it lasts, and anew afterwards", async () => {
    let asked = 0;
    let now = 5;
    const ask = lastingAnswer(
      async () => ++asked,
      10,
      () => now,
    );
    expect(await Promise.all([ask(), ask()])).toEqual([1, 1]);
    now += 9;
    // Known by now, so there is nothing to wait for.
    expect(ask()).toBe(1);
    now += 1;
    expect(await ask()).toBe(2);
  });

  test("does not last if the question failed", async () => {
    let asked = 0;
    const ask = lastingAnswer(
      async () => {
        if (asked++ === 0) throw new Error("the store is closed");
        return "open";
      },
      10,
      () => 0,
    );
    expect(await Promise.allSettled([ask(), ask()])).toMatchObject([
      { status: "rejected" },
      { status: "rejected" },
    ]);
    expect(await ask()).toBe("open");
  });
});
