/** The verdict on a run whose jobs have all ended, for its terminal commit. */
import type { JobTally, Judgement, RunStore, StoredRun } from "../../store/store.ts";
import { jobsByUrl } from "./jobs-by-url.ts";
import { quorumOf, RunQuorum } from "./quorum.ts";
import { cellsByRow } from "./rows.ts";

/** Undefined if the run is not judged. Reads its jobs only if its policy tells regions apart. */
export async function judgeRun(
  store: Pick<RunStore, "findAnswers">,
  { policy, runId }: StoredRun,
  { unexpected = 0 }: JobTally,
): Promise<Judgement | undefined> {
  if (policy === undefined) return undefined;
  if (policy === "all" || unexpected === 0) {
    return { verdict: unexpected === 0 ? "expected" : "unexpected", localized: [] };
  }
  const quorum = new RunQuorum();
  for await (const jobs of jobsByUrl(store, runId)) {
    for (const facts of cellsByRow(jobs).values()) {
      const row = quorumOf(
        facts.map(({ cell }) => cell),
        policy,
      );
      if (row) quorum.add(row);
    }
  }
  return quorum;
}
