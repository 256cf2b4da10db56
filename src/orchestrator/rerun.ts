/**
 * Rerun: the request that repeats a run, read back from what was kept of it.
 */
import { AppError, runNotFound } from "../domain/errors.ts";
import type { RunnerRequest, RunRequest } from "../domain/run.ts";
import { present } from "../lib/present.ts";
import type { RunStore } from "../store/store.ts";

/** `failed`: exactly the runners whose result is not `pass`. */
export type RerunOnly = "failed" | "all";

/** Results may be large, and others have their turn between two pages. */
const PAGE_SIZE = 32;

/** Rejects with AppError `run_not_found`, `run_not_ended` or `nothing_to_rerun`. */
export async function rerunRequest(
  store: Pick<RunStore, "findSettings" | "findAnswers">,
  runId: string,
  only: RerunOnly,
): Promise<RunRequest & { timeout: number }> {
  const settings = await store.findSettings(runId);
  if (!settings) throw runNotFound(runId);
  const { ended, ...kept } = settings;
  if (!ended) throw new AppError("run_not_ended", `Run "${runId}" has not ended yet.`);
  const runners: RunnerRequest[] = [];
  for (let after = -1; ;) {
    const page = await store.findAnswers(runId, after, PAGE_SIZE);
    for (const { position, region, results, runners: asked } of page) {
      after = position;
      const again = asked.filter((_, index) => only === "all" || results[index]?.status !== "pass");
      runners.push(...again.map((runner) => ({ ...runner, ...present({ region }) })));
    }
    if (page.length === 0) break;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  if (runners.length === 0) {
    throw new AppError("nothing_to_rerun", `All runners of run "${runId}" passed.`);
  }
  return { ...kept, runners };
}
