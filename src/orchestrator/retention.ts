/**
 * Retention: ended runs are deleted by age and by count, a slice at a time, so that nothing else
 * ever waits for it.
 */
import type { Clock } from "../lib/clock.ts";
import { firstAborted } from "../lib/first-aborted.ts";
import type { Log } from "../lib/log.ts";
import type { RunStore } from "../store/store.ts";

const SLICE_JOBS = 500;
/** Between two looks, in milliseconds. */
const INTERVAL_MS = 60_000;
/** Between two slices, in milliseconds: others come first. */
const PAUSE_MS = 5;

export interface RetentionOptions {
  readonly store: Pick<RunStore, "prune">;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a run is kept after its end, in milliseconds. */
  readonly keepForMs: number;
  readonly keepRuns: number;
}

/** Deletes what is past its time, now and every minute, until `stop` aborts. Never rejects. */
export async function retain(options: RetentionOptions, stop: AbortSignal): Promise<void> {
  const { clock, log } = options;
  while (!stop.aborted) {
    try {
      while (!stop.aborted && (await slice(options)))
        await firstAborted(clock.deadline(PAUSE_MS), stop);
    } catch (error) {
      if (!stop.aborted) log.error("old runs cannot be deleted; trying again later", { error });
    }
    await firstAborted(clock.deadline(INTERVAL_MS), stop);
  }
}

function slice({ clock, keepForMs, keepRuns, store }: RetentionOptions): Promise<boolean> {
  return store.prune(SLICE_JOBS, { endedBefore: clock.now() - keepForMs, keepRuns });
}
