import { describe, expect, test } from "bun:test";

import { DealtAbort } from "../../src/lib/dealt-abort.ts";

const deal = (abort: DealtAbort, count: number) =>
  Array.from({ length: count }, () => abort.signal());

describe("DealtAbort", () => {
  test("deals many listeners out over a few signals, evenly", () => {
    const dealt = deal(new DealtAbort(), 6_400);
    const shares = [...Map.groupBy(dealt, (signal) => signal).values()];
    expect(shares.map(({ length }) => length)).toEqual(Array<number>(64).fill(100));
  });

  test("aborts every signal, each once, with one reason of the same kind", () => {
    const abort = new DealtAbort();
    const signals = deal(abort, 100);
    let heard = 0;
    for (const signal of new Set(signals)) signal.addEventListener("abort", () => heard++);
    expect(signals.some(({ aborted }) => aborted)).toBe(false);
    abort.abort();
    abort.abort();
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(heard).toBe(64);
    for (const { reason } of signals) expect(reason).toMatchObject({ name: "AbortError" });
  });

  test("deals out aborted signals once it has aborted, also to a listener that asks then", () => {
    const abort = new DealtAbort();
    let asked: AbortSignal | undefined;
    abort.signal().addEventListener("abort", () => (asked = abort.signal()));
    abort.abort();
    expect(asked?.aborted).toBe(true);
    expect(deal(abort, 100).every(({ aborted }) => aborted)).toBe(true);
    const none = new DealtAbort();
    none.abort();
    expect(none.signal().aborted).toBe(true);
  });
});
