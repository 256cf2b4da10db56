import { describe, expect, test } from "bun:test";

import { Semaphore } from "../../src/lib/semaphore.ts";

/** A signal that counts the abort listeners it has. */
function countingSignal(): { signal: AbortSignal; listeners: () => number } {
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  return { signal, listeners: () => listeners };
}

describe("Semaphore", () => {
  test.each([0, -1, 1.5, NaN, -Infinity, 2 ** 53])("refuses %p permits", (permits) => {
    expect(() => new Semaphore(permits)).toThrow(RangeError);
    expect(() => new Semaphore(permits)).toThrow(String(permits));
  });

  test("never blocks with Infinity permits", async () => {
    const semaphore = new Semaphore(Infinity);
    const held = await Promise.all(Array.from({ length: 1_000 }, () => semaphore.acquire()));
    expect(semaphore.active).toBe(1_000);
    expect(semaphore.waiting).toBe(0);
    for (const permit of held) permit[Symbol.dispose]();
    expect(semaphore.active).toBe(0);
  });

  test("counts holders and waiters", async () => {
    const semaphore = new Semaphore(2);
    const first = await semaphore.acquire();
    const second = await semaphore.acquire();
    const third = semaphore.acquire();
    expect([semaphore.active, semaphore.waiting]).toEqual([2, 1]);
    first[Symbol.dispose]();
    expect([semaphore.active, semaphore.waiting]).toEqual([2, 0]);
    (await third)[Symbol.dispose]();
    second[Symbol.dispose]();
    expect([semaphore.active, semaphore.waiting]).toEqual([0, 0]);
  });

  test("serves waiters in the order they came", async () => {
    const semaphore = new Semaphore(1);
    const order: number[] = [];
    const holder = await semaphore.acquire();
    const all = Array.from({ length: 20 }, async (_, index) => {
      using _permit = await semaphore.acquire();
      order.push(index);
    });
    holder[Symbol.dispose]();
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  test("never lets more hold than there are permits", async () => {
    const semaphore = new Semaphore(3);
    let inside = 0;
    let peak = 0;
    const work = Array.from({ length: 50 }, async (_, index) => {
      using _permit = await semaphore.acquire();
      peak = Math.max(peak, ++inside);
      for (let tick = 0; tick <= index % 4; tick++) await Promise.resolve();
      inside--;
    });
    await Promise.all(work);
    expect(peak).toBe(3);
    expect(semaphore.active).toBe(0);
  });

  test("hands a released permit to the waiter, not to a newcomer", async () => {
    const semaphore = new Semaphore(1);
    const holder = await semaphore.acquire();
    const order: string[] = [];
    const waiter = semaphore.acquire().then((permit) => {
      order.push("waiter");
      return permit;
    });
    holder[Symbol.dispose]();
    expect(semaphore.tryAcquire()).toBeUndefined();
    const newcomer = semaphore.acquire().then((permit) => {
      order.push("newcomer");
      return permit;
    });
    (await waiter)[Symbol.dispose]();
    (await newcomer)[Symbol.dispose]();
    expect(order).toEqual(["waiter", "newcomer"]);
  });

  test("tryAcquire takes a free permit and never waits", () => {
    const semaphore = new Semaphore(1);
    const permit = semaphore.tryAcquire();
    expect(permit).toBeDefined();
    expect(semaphore.tryAcquire()).toBeUndefined();
    permit?.[Symbol.dispose]();
    expect(semaphore.tryAcquire()).toBeDefined();
  });

  test("releases once when a permit is disposed twice", async () => {
    const semaphore = new Semaphore(1);
    const first = await semaphore.acquire();
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(semaphore.active).toBe(0);
    await semaphore.acquire();
    first[Symbol.dispose]();
    expect(semaphore.active).toBe(1);
    expect(semaphore.tryAcquire()).toBeUndefined();
  });

  test("gets the permit of a holder that throws back", async () => {
    const semaphore = new Semaphore(1);
    const failing = async (): Promise<void> => {
      using _permit = await semaphore.acquire();
      throw new Error("holder failed");
    };
    const outcomes = await Promise.allSettled([failing(), failing(), failing()]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect([semaphore.active, semaphore.waiting]).toEqual([0, 0]);
  });
});

describe("Semaphore.acquire with a signal", () => {
  test("rejects with the reason of a signal that has aborted, even when a permit is free", async () => {
    const semaphore = new Semaphore(1);
    const reason = new Error("too late");
    await expect(semaphore.acquire(AbortSignal.abort(reason))).rejects.toBe(reason);
    expect([semaphore.active, semaphore.waiting]).toEqual([0, 0]);
  });

  test("leaves the queue with the signal's reason when it aborts", async () => {
    const semaphore = new Semaphore(1);
    const holder = await semaphore.acquire();
    const controller = new AbortController();
    const gone = semaphore.acquire(controller.signal);
    const next = semaphore.acquire();
    const reason = { why: "cancelled" };
    controller.abort(reason);
    expect(semaphore.waiting).toBe(1);
    await expect(gone).rejects.toBe(reason);
    holder[Symbol.dispose]();
    (await next)[Symbol.dispose]();
    expect([semaphore.active, semaphore.waiting]).toEqual([0, 0]);
  });

  test("keeps the permit when the signal aborts after the grant", async () => {
    const semaphore = new Semaphore(1);
    const holder = await semaphore.acquire();
    const controller = new AbortController();
    const granted = semaphore.acquire(controller.signal);
    holder[Symbol.dispose]();
    controller.abort(new Error("after the grant"));
    const permit = await granted;
    expect(semaphore.active).toBe(1);
    permit[Symbol.dispose]();
    expect(semaphore.active).toBe(0);
  });

  test("puts one listener on a signal, however many wait under it", async () => {
    const semaphore = new Semaphore(1);
    const { listeners, signal } = countingSignal();
    let holder = await semaphore.acquire(signal);
    expect(listeners()).toBe(0);
    for (let round = 0; round < 100; round++) {
      const waiters = [semaphore.acquire(signal), semaphore.acquire(signal)];
      expect(listeners()).toBe(1);
      for (const waiter of waiters) {
        holder[Symbol.dispose]();
        holder = await waiter;
      }
    }
    expect(semaphore.waiting).toBe(0);
  });

  test("lets 10 000 waiters give up one by one and still serves the last", async () => {
    const semaphore = new Semaphore(1);
    const holder = await semaphore.acquire();
    const controllers = Array.from({ length: 10_000 }, () => new AbortController());
    const waiters = controllers.map(({ signal }) => semaphore.acquire(signal));
    const last = semaphore.acquire();
    const settled = Promise.allSettled(waiters);
    // From the back, the costly end for a queue that searches.
    for (const controller of controllers.toReversed()) controller.abort();
    expect(semaphore.waiting).toBe(1);
    expect((await settled).every(({ status }) => status === "rejected")).toBe(true);
    holder[Symbol.dispose]();
    (await last)[Symbol.dispose]();
    expect(semaphore.active).toBe(0);
  });
});
