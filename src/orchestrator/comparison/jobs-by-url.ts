/**
 * A run's jobs, url by url. Fan-out puts the jobs of a url next to each other, so never more than
 * one url's jobs and one page are in memory.
 */
import { nextTurn } from "../../lib/turn.ts";
import type { AnsweredJob } from "../../store/answered.ts";
import type { RunStore } from "../../store/store.ts";

/** Results may be large, and others have their turn between two pages. */
const PAGE_SIZE = 32;

export async function* jobsByUrl(
  store: Pick<RunStore, "findAnswers">,
  runId: string,
): AsyncGenerator<readonly AnsweredJob[]> {
  let jobs: AnsweredJob[] = [];
  for (let after = -1; ;) {
    const page = await store.findAnswers(runId, after, PAGE_SIZE);
    for (const job of page) {
      after = job.position;
      if (jobs[0] && jobs[0].url !== job.url) {
        yield jobs;
        jobs = [];
      }
      jobs.push(job);
    }
    if (page.length === 0) break;
    await nextTurn();
  }
  if (jobs.length > 0) yield jobs;
}
