/**
 * Local dispatch: a job goes to the runner hosts of this process, without HTTP.
 *
 * Tells apart what a remote dispatch tells apart, in the same words: a missing runner fails the
 * job, whatever a runner did does not.
 */
import type { Result } from "../domain/result.ts";
import type { RunnerPool } from "../runner/pool.ts";
import { failure } from "./answer.ts";
import type { Dispatch, JobOutcome } from "./dispatch.ts";

export function localDispatch(runners: Pick<RunnerPool, "catalog" | "execute">): Dispatch {
  return async (job, signal) => {
    try {
      const { runners: known } = await runners.catalog();
      const results = (await runners.execute(job, signal)).map(blamed);
      const missing = job.runners.filter(({ name }) => !known.has(name));
      return missing.length === 0
        ? { state: "completed", results }
        : notFound(
            missing.map(({ name }) => name),
            results,
          );
    } catch (error) {
      if (signal.aborted) return failure("aborted", "orchestrator", "The job was stopped.");
      return failure("hosts_unavailable", "orchestrator", (error as Error).message);
    }
  };
}

/** A verdict of `error` is the runner's, unless something else was found to blame. */
function blamed(result: Result): Result {
  if (result.status !== "error" || result.errorSource) return result;
  return { ...result, errorSource: "runner" };
}

function notFound(names: readonly string[], results: readonly Result[]): JobOutcome {
  const quoted = [...new Set(names)].map((name) => `"${name}"`).join(", ");
  const outcome = failure("runner_not_found", "runner", `There is no runner named ${quoted}.`);
  return { ...outcome, results };
}
