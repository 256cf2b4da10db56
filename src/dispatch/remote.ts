/**
 * Remote dispatch: one job to the runner endpoint of its region, as one POST.
 *
 * A hostile or broken endpoint costs its own job and never more: no redirect is followed, the
 * answer is capped, and nothing waits longer than the signal allows.
 */
import type { RequestedRunner } from "../domain/job.ts";
import type { Region, Regions } from "../domain/region.ts";
import { type Result, unanswered } from "../domain/result.ts";
import { type EndpointError, failure, readAnswer, readEndpointError } from "./answer.ts";
import type { Dispatch, DispatchJob, JobOutcome } from "./dispatch.ts";
import { discard, readBody } from "./read-body.ts";
import { EndpointSession } from "./sessions.ts";
import { transportFault } from "./transport-fault.ts";

export interface RemoteDispatchOptions {
  readonly regions: Regions;
  /** Largest answer to one job, in bytes after decompression. */
  readonly maxResponse: number;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
}

/** What one POST came to. */
type Exchange = JobOutcome | { readonly endpointError: EndpointError };

export function remoteDispatch(options: RemoteDispatchOptions): Dispatch {
  const sessions = new Map<string, EndpointSession>();
  for (const name of options.regions.keys()) {
    sessions.set(name, new EndpointSession(options.monotonic));
  }
  return async (job, signal) => {
    const region = options.regions.get(job.region ?? "");
    const session = sessions.get(job.region ?? "");
    if (!region || !session) {
      const error = `Region "${job.region}" is no longer configured.`;
      return failure("unknown_region", "orchestrator", error);
    }
    const post = (runners: readonly RequestedRunner[]): Promise<Exchange> =>
      exchange({ ...job, runners }, { region, session, signal, maxResponse: options.maxResponse });
    return withoutMissingRunners(job, post);
  };
}

/**
 * An endpoint refuses a whole request if it lacks one runner. That is an answer: those it lacks
 * are errors, the others are asked for once more.
 */
async function withoutMissingRunners(
  job: DispatchJob,
  post: (runners: readonly RequestedRunner[]) => Promise<Exchange>,
): Promise<JobOutcome> {
  const first = await post(job.runners);
  if (!("endpointError" in first)) return first;
  const missing = missingRunners(job, first.endpointError);
  if (missing.size === 0) return refused(first.endpointError);

  const error = `The endpoint has no runner named ${quoted(missing)}.`;
  const lacking = failure("runner_not_found", "runner", error);
  const present = job.runners.filter(({ name }) => !missing.has(name));
  if (present.length === 0) return lacking;

  const second = await post(present);
  const outcome = "endpointError" in second ? refused(second.endpointError) : second;
  const answered = outcome.results?.values();
  const results = job.runners.map(({ name }): Result => {
    const why = missing.has(name)
      ? { error: `The endpoint has no runner named "${name}".`, errorSource: "runner" as const }
      : { error: outcome.error ?? error, errorSource: outcome.errorSource ?? "transport" };
    return (missing.has(name) ? undefined : answered?.next().value) ?? unanswered(name, why);
  });
  // A second failure outweighs the first: it says why nothing was answered.
  return { ...(outcome.state === "failed" ? outcome : lacking), results };
}

/** The names, among those asked for, that a RUNNER_NOT_FOUND error lists. */
function missingRunners(job: DispatchJob, { code, data }: EndpointError): ReadonlySet<string> {
  const listed = data["missingRunners"];
  if (code !== "RUNNER_NOT_FOUND" || !Array.isArray(listed)) return new Set();
  const names = new Set<unknown>(listed);
  return new Set(job.runners.map(({ name }) => name).filter((name) => names.has(name)));
}

const REFUSALS: ReadonlyMap<string, string> = new Map([
  ["RUNNER_NOT_FOUND", "runner_not_found"],
  ["INPUT_VALIDATION_FAILED", "invalid_input"],
  ["EXECUTION_FAILED", "execution_failed"],
]);

function refused({ code, data, message }: EndpointError): JobOutcome {
  const known = REFUSALS.get(code);
  const where = code === "INPUT_VALIDATION_FAILED" ? inputFaults(data) : "";
  const said = where || message || code;
  const error = `The endpoint refused the job: ${said.replace(/\.$/, "")}.`;
  return failure(known ?? "endpoint_error", known ? "runner" : "transport", error);
}

function inputFaults({ issues, runnerName }: EndpointError["data"]): string {
  if (!Array.isArray(issues)) return "";
  const faults = issues.slice(0, 5).map((issue: { path?: unknown; message?: unknown } | null) => {
    const path = Array.isArray(issue?.path) ? issue.path.join(".") : String(issue?.path ?? "");
    return `input.${path} ${String(issue?.message ?? "is not valid")}`;
  });
  return `runner "${String(runnerName)}": ${faults.join("; ")}`.slice(0, 1_000);
}

interface ExchangeOptions {
  readonly region: Region;
  readonly session: EndpointSession;
  readonly signal: AbortSignal;
  readonly maxResponse: number;
}

async function exchange(job: DispatchJob, options: ExchangeOptions): Promise<Exchange> {
  const { maxResponse, region, session, signal } = options;
  const { jobId, runId, runners, url } = job;
  try {
    const response = await session.current().fetch(`${region.url}/execute`, {
      method: "POST",
      headers: headers(jobId, region),
      body: JSON.stringify({ url, runners, runId, region: region.name }),
      signal,
      redirect: "manual",
      // Long jobs are silent; only the run's limit may end them.
      timeout: false,
      proxy: false,
    });
    return await readResponse(response, runners, maxResponse);
  } catch (error) {
    const { code, error: sentence } = transportFault(error);
    return failure(code, "transport", sentence);
  }
}

function headers(jobId: string, { token }: Region): Record<string, string> {
  return {
    "content-type": "application/json",
    accept: "application/json",
    "accept-encoding": "identity",
    "idempotency-key": jobId,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

async function readResponse(
  response: Response,
  runners: readonly RequestedRunner[],
  maxResponse: number,
): Promise<Exchange> {
  const { status } = response;
  if (status >= 300 && status < 400) {
    await discard(response);
    const error = `The endpoint answered ${status}, a redirect, which is not followed.`;
    return failure("redirect_refused", "transport", error);
  }
  const body = await readBody(response, maxResponse);
  if (body === undefined) {
    const error = `The endpoint answered more than ${maxResponse} bytes.`;
    return failure("response_too_large", "transport", error);
  }
  if (response.ok) return readAnswer(body, runners);
  const endpointError = readEndpointError(body);
  if (endpointError) return { endpointError };
  return failure("bad_status", "transport", `The endpoint answered HTTP status ${status}.`);
}

function quoted(names: Iterable<string>): string {
  return Array.from(names, (name) => `"${name}"`).join(", ");
}
