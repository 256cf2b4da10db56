import { describe, expect, test } from "bun:test";

import { firstAborted } from "../../src/lib/first-aborted.ts";

describe("firstAborted", () => {
  test("resolves once one of the signals aborts", async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    let resolved = false;
    const waiting = firstAborted(first.signal, second.signal).then(() => (resolved = true));
    await new Promise(setImmediate);
    expect(resolved).toBe(false);
    second.abort();
    await waiting;
    first.abort();
  });

  test("resolves for a signal that has aborted already", async () => {
    await firstAborted(new AbortController().signal, AbortSignal.abort());
  });

  test("leaves no listener behind on a signal that goes on", async () => {
    const long = new AbortController();
    const counts = { added: 0, removed: 0 };
    const { signal } = long;
    const add = signal.addEventListener.bind(signal) as (...args: unknown[]) => void;
    const remove = signal.removeEventListener.bind(signal) as (...args: unknown[]) => void;
    signal.addEventListener = (...args: unknown[]) => {
      counts.added++;
      add(...args);
    };
    signal.removeEventListener = (...args: unknown[]) => {
      counts.removed++;
      remove(...args);
    };
    for (let nth = 0; nth < 10; nth++) {
      const short = new AbortController();
      const waiting = firstAborted(signal, short.signal);
      short.abort();
      await waiting;
    }
    expect(counts.added).toBe(10);
    expect(counts.removed).toBe(10);
  });
});
