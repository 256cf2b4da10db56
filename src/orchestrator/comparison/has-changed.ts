/** Whether a run is news: one of its cells failed for the first time, or does no longer. */
import { compareRun, type ComparisonStore } from "./compare-run.ts";

/**
 * A cell that is flaky, or asked for the first time, is none. Rejects with AppError
 * `run_not_found`.
 */
export async function hasChanged(store: ComparisonStore, runId: string): Promise<boolean> {
  const { rows } = await compareRun(store, runId, { endpointOf: () => undefined });
  for await (const { cells } of rows) {
    if (cells.some(({ change }) => change === "new-failure" || change === "fixed")) return true;
  }
  return false;
}
