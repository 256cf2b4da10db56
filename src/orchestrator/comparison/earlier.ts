/** Earlier answers of the cells of one url, from the newest runs that ended before a run did. */
import { nextTurn } from "../../lib/turn.ts";
import type { AnsweredJob, PastQuery } from "../../store/answered.ts";
import type { RunStore } from "../../store/store.ts";
import { cellKey } from "./cell-key.ts";
import { LOOKED_AT, type Told, toldBy } from "./change.ts";

/** Most jobs of a url that are looked at for its cells. */
const MOST = 1_024;
/** Most of them in one go, and how many answers there should be in that at most. */
const MOST_AT_ONCE = 256;
const ANSWERS_AT_ONCE = 2_048;

/** By `cellKey`, newest first, at most LOOKED_AT each; cells without any are absent. */
export async function earlierAnswers(
  store: Pick<RunStore, "findPast">,
  runId: string,
  jobs: readonly AnsweredJob[],
): Promise<ReadonlyMap<string, readonly Told[]>> {
  const found = new Map<string, Told[]>();
  const wanted = new Set(
    jobs.flatMap(({ region, runners }) => runners.map((runner) => cellKey(runner, region))),
  );
  const url = jobs[0]?.url ?? "";
  const limit = pageSize(jobs);
  let from: Pick<PastQuery, "from"> = {};
  for (let looked = 0; looked < MOST && wanted.size > 0; looked += limit) {
    const page = await store.findPast(url, { before: runId, ...from }, limit);
    for (const { region, results, runners } of page.jobs) {
      for (const [index, runner] of runners.entries()) {
        const key = cellKey(runner, region);
        const result = results[index];
        const told = result && wanted.has(key) ? toldBy(result) : undefined;
        if (told === undefined) continue;
        const answers = found.get(key) ?? [];
        found.set(key, answers);
        if (answers.push(told) === LOOKED_AT) wanted.delete(key);
      }
    }
    if (!page.next) break;
    from = { from: page.next };
    await nextTurn();
  }
  return found;
}

/** Jobs to look at in one go, if those before had as many runners each as these. */
function pageSize(jobs: readonly AnsweredJob[]): number {
  const runners = jobs.reduce((sum, job) => sum + job.runners.length, 0);
  const fitting = Math.floor((ANSWERS_AT_ONCE * jobs.length) / Math.max(1, runners));
  return Math.max(1, Math.min(MOST_AT_ONCE, jobs.length * LOOKED_AT, fitting));
}
