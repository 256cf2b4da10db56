/**
 * Event-loop lag: how late a timer fires, which is how long everything else has to wait.
 */
const INTERVAL_MS = 100;

/** Calls `lag` with milliseconds, ten times a second, until disposed. Keeps no process alive. */
export function watchLoopLag(lag: (ms: number) => void): Disposable {
  let due = performance.now() + INTERVAL_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    lag(Math.max(0, now - due));
    due = now + INTERVAL_MS;
  }, INTERVAL_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
