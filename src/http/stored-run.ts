/** A stored run as reports read it: page by page, so that it is never in memory as a whole. */
import type { RunHead } from "../domain/run.ts";
import { nextTurn } from "../lib/turn.ts";
import type { ReportSource } from "../report/source.ts";
import type { RunStore } from "../store/store.ts";

/** Jobs per page: at the largest answers allowed, a page is 64 MiB. */
const PAGE_SIZE = 64;

export function storedRun(head: RunHead, store: Pick<RunStore, "findJobs">): ReportSource {
  return {
    head,
    async *jobs() {
      for (let read = 0; ;) {
        const page = await store.findJobs(head.runId, read - 1, PAGE_SIZE);
        yield* page;
        read += page.length;
        if (page.length < PAGE_SIZE) return;
        // A store in this process answers at once: without a turn, a large run would hold up everyone.
        await nextTurn();
      }
    },
  };
}
