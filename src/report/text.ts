/** A run for a person to read in a terminal or a file: the matrix and the counts. */
import { matrixText } from "./matrix.ts";
import type { ReportSource } from "./source.ts";

export async function* writeText({ head, jobs }: ReportSource): AsyncGenerator<string> {
  const all = await Array.fromAsync(jobs());
  yield `${matrixText({ jobs: all }, { color: false })}\n\n`;
  const { errored, failed, passed, total } = head.summary;
  yield `Run ${head.runId} ${head.state}: ${total} results, ${passed} passed, ${failed} failed, ${errored} errored.\n`;
}
