/** A run as JSON: the RunSummary, byte for byte as `GET /{runId}` answers it; and as JSON lines. */
import type { RunHead } from "../domain/run.ts";
import type { ReportSource } from "./source.ts";

/** The RunSummary as one JSON document. */
export async function* writeJson(source: ReportSource): AsyncGenerator<string> {
  yield `{${before(source.head)},"jobs":[`;
  let separator = "";
  for await (const job of source.jobs()) {
    yield separator + JSON.stringify(job);
    separator = ",";
  }
  yield `],${after(source.head)}}`;
}

/** One line for the run, a RunSummary without its jobs; then one line per job, each a Job. */
export async function* writeNdjson(source: ReportSource): AsyncGenerator<string> {
  yield `{${before(source.head)},${after(source.head)}}\n`;
  for await (const job of source.jobs()) yield `${JSON.stringify(job)}\n`;
}

/** The fields before the jobs, in the order of the API's documentation. */
function before({ mode, parentRunId, runId, state, tags }: RunHead): string {
  return fields({ runId, parentRunId, mode, tags, state });
}

function after({ completedAt, createdAt, durationMs, summary, warnings }: RunHead): string {
  return fields({ summary, createdAt, completedAt, durationMs, warnings });
}

function fields(shape: object): string {
  return JSON.stringify(shape).slice(1, -1);
}
