/**
 * Missing runners: an endpoint refuses a whole request if it lacks one runner. That is an answer:
 * those it lacks are errors, and the others may be asked for once more. Pure.
 */
import { type Result, unanswered } from "../domain/result.ts";
import { present } from "../lib/present.ts";
import { type EndpointError, failure } from "./answer.ts";
import type { DispatchJob, JobOutcome } from "./dispatch.ts";

/** The names, among those asked for, that a RUNNER_NOT_FOUND error lists. */
export function missingRunners(
  { runners }: Pick<DispatchJob, "runners">,
  { code, data }: EndpointError,
): ReadonlySet<string> {
  const listed = data["missingRunners"];
  if (code !== "RUNNER_NOT_FOUND" || !Array.isArray(listed)) return new Set();
  const names = new Set<unknown>(listed);
  return new Set(runners.map(({ name }) => name).filter((name) => names.has(name)));
}

/**
 * What came of a job of whose runners some are missing. `second`: of the others, asked for without
 * them, if there are others.
 */
export function withoutMissing(
  { runners }: Pick<DispatchJob, "runners">,
  missing: ReadonlySet<string>,
  second?: JobOutcome,
): JobOutcome {
  const error = `The endpoint has no runner named ${quoted(missing)}.`;
  const lacking = failure("runner_not_found", "runner", error);
  const outcome = second ?? lacking;
  const answered = outcome.results?.values();
  const results = runners.map(({ name }): Result => {
    const why = missing.has(name)
      ? {
          error: `The endpoint has no runner named "${name}".`,
          errorCode: "runner_not_found",
          errorSource: "runner" as const,
        }
      : {
          error: outcome.error ?? error,
          errorSource: outcome.errorSource ?? "transport",
          ...present({ errorCode: outcome.errorCode }),
        };
    return (missing.has(name) ? undefined : answered?.next().value) ?? unanswered(name, why);
  });
  // A second failure outweighs the first: it says why nothing was answered.
  const said = present({ reportedRegion: outcome.reportedRegion });
  return { ...(outcome.state === "failed" ? outcome : lacking), results, ...said };
}

const MAX_QUOTED = 10;

function quoted(names: ReadonlySet<string>): string {
  const shown = Array.from(names, (name) => `"${name}"`).slice(0, MAX_QUOTED);
  const more = names.size - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
