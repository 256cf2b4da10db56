/** Questions asked once a turn of the event loop. */
import { describe, expect, test } from "bun:test";

import { nextTurn, oncePerTurn } from "../../src/lib/turn.ts";

describe("oncePerTurn", () => {
  test("asks once in a turn, and anew in the next", async () => {
    let asked = 0;
    const ask = oncePerTurn(async () => ++asked);
    expect(await Promise.all([ask(), ask()])).toEqual([1, 1]);
    // Known by now, so there is nothing to wait for.
    expect(ask()).toBe(1);
    await nextTurn();
    expect(await ask()).toBe(2);
  });

  test("tells everybody of a turn that the question failed", async () => {
    let asked = 0;
    const ask = oncePerTurn(async () => {
      if (asked++ === 0) throw new Error("the store is closed");
      return "open";
    });
    expect(await Promise.allSettled([ask(), ask()])).toMatchObject([
      { status: "rejected" },
      { status: "rejected" },
    ]);
    await nextTurn();
    expect(await ask()).toBe("open");
  });
});
