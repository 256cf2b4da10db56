/**
 * A clock that stands still until the test moves it. A deadline aborts only inside `advance`, in
 * the order of due times, so nothing depends on how fast a test runs.
 */
import type { Clock } from "../../src/lib/clock.ts";

interface Deadline {
  readonly due: number;
  readonly controller: AbortController;
}

export class FakeClock implements Clock {
  #wall: number;
  #monotonic: number;
  #deadlines: Deadline[] = [];

  /** `now`: the wall clock at first; the monotonic one starts elsewhere, as in life. */
  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#wall = now;
    this.#monotonic = 1_000;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  deadline(ms: number): AbortSignal {
    // What AbortSignal.timeout refuses, and what a timer would cut short.
    if (!Number.isSafeInteger(ms) || ms < 0) throw new RangeError(`Not a deadline: ${ms}.`);
    const controller = new AbortController();
    this.#deadlines.push({ due: this.#monotonic + ms, controller });
    return controller.signal;
  }

  /** Lets `ms` milliseconds pass on both clocks. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (let next = this.#takeDue(end); next; next = this.#takeDue(end)) {
      this.#move(Math.max(0, next.due - this.#monotonic));
      next.controller.abort(new DOMException("The operation timed out.", "TimeoutError"));
    }
    this.#move(end - this.#monotonic);
  }

  /** Steps the wall clock, as an administrator or NTP does; the monotonic one goes on. */
  step(ms: number): void {
    this.#wall += ms;
  }

  #move(ms: number): void {
    this.#wall += ms;
    this.#monotonic += ms;
  }

  #takeDue(end: number): Deadline | undefined {
    const [first] = this.#deadlines
      .filter(({ due }) => due <= end)
      .toSorted((a, b) => a.due - b.due);
    if (first) this.#deadlines = this.#deadlines.filter((deadline) => deadline !== first);
    return first;
  }
}
