/** Store calls whose outcome must not be lost, whatever becomes of the store meanwhile. */
import { AppError } from "../domain/errors.ts";
import type { Clock } from "../lib/clock.ts";
import { firstAborted } from "../lib/first-aborted.ts";
import type { Trouble } from "../lib/trouble.ts";
import type { StopReason } from "./outcome.ts";

const RETRY_MS = 1_000;

export interface KeepTryingOptions {
  readonly clock: Clock;
  /** That the store is away, whoever meets it. */
  readonly outage: Trouble;
  /** Why the run stopped, once it did. */
  readonly stopped: () => StopReason | undefined;
  /** Called when the store says that the run is another replica's. */
  readonly lost: () => void;
}

/** Repeats a call for as long as the store is unavailable and the run is executed here. */
export async function keepTrying<T>(
  call: () => Promise<T>,
  { clock, lost, outage, stopped }: KeepTryingOptions,
): Promise<T> {
  for (let away = false; ; away = true) {
    try {
      const answer = await call();
      if (away) outage.passed();
      return answer;
    } catch (error) {
      const code = error instanceof AppError ? error.code : undefined;
      if (code === "lease_lost") lost();
      const stop = stopped();
      if (code !== "store_unavailable" || stop === "shutdown" || stop === "lost") throw error;
      outage.met(error);
      await firstAborted(clock.deadline(RETRY_MS));
    }
  }
}
