/**
 * Clock: the only source of time for the core, so that a simulation can replace it.
 *
 * `now` is for timestamps people read; `monotonic` is for durations, which a stepped wall clock
 * must not change.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonic(): number;
  /** A signal that aborts after `ms` milliseconds, an integer from 0. */
  deadline(ms: number): AbortSignal;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  deadline: (ms) => AbortSignal.timeout(ms),
};

/** The clock of this machine, with the time of day from elsewhere if somebody tells it. */
export function clockBy(now: Clock["now"] = systemClock.now): Clock {
  return { ...systemClock, now };
}
