/** Waiting for what must become true, without a fixed sleep. */

/**
 * The first value of `probe` that is neither undefined nor false. Rejects after `withinMs`
 * milliseconds with `what` and the last error, if `probe` threw.
 */
export async function eventually<Value>(
  what: string,
  probe: () => Promise<Value | undefined | false> | Value | undefined | false,
  withinMs = 60_000,
): Promise<Value> {
  const end = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await Bun.sleep(10);
  }
  throw new Error(`Not within ${withinMs} ms: ${what}.`, { cause: last });
}
