/**
 * RunSummary as a response: written page by page, so that a run of any size is never in memory as
 * a whole. A run of one page is answered in one piece.
 */
import type { Job } from "../domain/job.ts";
import type { RunHead } from "../domain/run.ts";
import type { RunStore } from "../store/store.ts";

/** Jobs per page: at the largest answers allowed, a page is 64 MiB. */
const PAGE_SIZE = 64;

/** `tag`: the entity tag of the run as it is now. */
export async function summaryResponse(
  run: RunHead,
  tag: string,
  store: Pick<RunStore, "findJobs">,
): Promise<Response> {
  const headers = { "content-type": "application/json;charset=utf-8", etag: tag };
  const first = await store.findJobs(run.runId, -1, PAGE_SIZE);
  if (first.length < PAGE_SIZE) {
    return new Response(opening(run) + list(first) + closing(run), { headers });
  }
  const text = new TextEncoder();
  async function* pages(): AsyncGenerator<Uint8Array> {
    yield text.encode(opening(run) + list(first));
    for (let read = PAGE_SIZE; ;) {
      const page = await store.findJobs(run.runId, read - 1, PAGE_SIZE);
      if (page.length === 0) break;
      yield text.encode(`,${list(page)}`);
      read += page.length;
    }
    yield text.encode(closing(run));
  }
  return new Response(pulled(pages()), { headers });
}

/** A stream that produces only as fast as it is read. */
function pulled(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void chunks.return(undefined),
  });
}

/** The fields before the jobs, in the order of the API's documentation. */
function opening({ mode, parentRunId, runId, state, tags }: RunHead): string {
  const fields = JSON.stringify({ runId, parentRunId, mode, tags, state });
  return `${fields.slice(0, -1)},"jobs":[`;
}

function list(jobs: readonly Job[]): string {
  return jobs.map((job) => JSON.stringify(job)).join(",");
}

function closing({ completedAt, createdAt, durationMs, summary }: RunHead): string {
  return `],${JSON.stringify({ summary, createdAt, completedAt, durationMs }).slice(1)}`;
}
