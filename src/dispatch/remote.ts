/**
 * Remote dispatch: one job to the runner endpoint of its region, as one POST.
 *
 * A hostile or broken endpoint costs its own job and never more: no redirect is followed, the
 * answer is capped, and nothing waits longer than the signal allows.
 */
import type { RequestedRunner } from "../domain/job.ts";
import type { Region, Regions } from "../domain/region.ts";
import { type Result, unanswered } from "../domain/result.ts";
import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/ids.ts";
import { present } from "../lib/present.ts";
import type { Redactor } from "../lib/redactor.ts";
import { signatureHeaders } from "../lib/signature.ts";
import {
  type EndpointError,
  failure,
  problemDetail,
  readAnswer,
  readEndpointError,
} from "./answer.ts";
import type { Dispatch, DispatchJob, JobOutcome } from "./dispatch.ts";
import { Endpoint } from "./endpoint.ts";
import { discard, readBody } from "./read-body.ts";
import { oneLine, refused } from "./refusal.ts";
import { regionRedactor } from "./region-redactor.ts";
import { retryAfter } from "./retry-after.ts";
import { transportFault } from "./transport-fault.ts";

export interface RemoteDispatchOptions {
  readonly regions: Regions;
  /** Largest answer to one job, in bytes after decompression. */
  readonly maxResponse: number;
  /** Never HTTP/2. Default: wherever a TLS endpoint offers it. */
  readonly http1?: boolean;
  /** Names whose values are not kept. */
  readonly secretKeys: readonly string[];
  readonly clock: Pick<Clock, "now" | "monotonic">;
}

/** What one POST came to. */
type Exchange = JobOutcome | EndpointRefusal;
type EndpointRefusal = Pick<JobOutcome, "retry"> & { readonly endpointError: EndpointError };

export function remoteDispatch(options: RemoteDispatchOptions): Dispatch {
  const { clock, http1 = false, maxResponse, regions, secretKeys } = options;
  const endpoints = new Map<string, Endpoint>();
  for (const [name, region] of regions) {
    endpoints.set(name, new Endpoint(region, { monotonic: clock.monotonic, http1 }));
  }
  const redactors = new Map(
    Array.from(regions, ([name, region]) => [name, regionRedactor(region, secretKeys)]),
  );
  return async (job, signal) => {
    const region = regions.get(job.region ?? "");
    const endpoint = endpoints.get(job.region ?? "");
    const redactor = redactors.get(job.region ?? "");
    if (!region || !endpoint || !redactor) {
      const error = `Region "${job.region}" is no longer configured.`;
      return failure("unknown_region", "orchestrator", error);
    }
    const post = (runners: readonly RequestedRunner[]): Promise<Exchange> =>
      exchange({ ...job, runners }, { region, endpoint, signal, redactor, clock, maxResponse });
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
  if (missing.size === 0) return refusal(first);

  const error = `The endpoint has no runner named ${quoted(missing)}.`;
  const lacking = failure("runner_not_found", "runner", error);
  const offered = job.runners.filter(({ name }) => !missing.has(name));
  const second = offered.length === 0 ? lacking : await post(offered);
  const outcome = "endpointError" in second ? refusal(second) : second;
  const answered = outcome.results?.values();
  const results = job.runners.map(({ name }): Result => {
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

/** What the endpoint knows it will refuse again is not worth another attempt. */
function refusal({ endpointError, ...retry }: EndpointRefusal): JobOutcome {
  const outcome = refused(endpointError);
  const final = outcome.errorCode === "runner_not_found" || outcome.errorCode === "invalid_input";
  return final ? outcome : { ...outcome, ...retry };
}

/** The names, among those asked for, that a RUNNER_NOT_FOUND error lists. */
function missingRunners(job: DispatchJob, { code, data }: EndpointError): ReadonlySet<string> {
  const listed = data["missingRunners"];
  if (code !== "RUNNER_NOT_FOUND" || !Array.isArray(listed)) return new Set();
  const names = new Set<unknown>(listed);
  return new Set(job.runners.map(({ name }) => name).filter((name) => names.has(name)));
}

interface ExchangeOptions {
  readonly region: Region;
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal;
  readonly maxResponse: number;
  readonly redactor: Redactor;
  readonly clock: Pick<Clock, "now">;
}

async function exchange(job: DispatchJob, options: ExchangeOptions): Promise<Exchange> {
  const { clock, endpoint, region, signal } = options;
  const { jobId, runId, runners, url } = job;
  const body = JSON.stringify({ url, runners, runId, region: region.name });
  const request = {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      "idempotency-key": jobId,
      ...signature(region, body, clock.now()),
    },
    body,
    signal,
  } as const;
  try {
    return await endpoint.ask("/execute", request, (response) =>
      readResponse(response, runners, options),
    );
  } catch (error) {
    const { code, error: sentence } = transportFault(error);
    return { ...failure(code, "transport", sentence), retry: {} };
  }
}

/** Each POST is a message of its own: one that is seen twice was recorded by somebody. */
function signature({ signingKeys }: Region, body: string, now: number): Record<string, string> {
  return signingKeys ? { ...signatureHeaders(signingKeys, { id: newId("msg"), now, body }) } : {};
}

async function readResponse(
  response: Response,
  runners: readonly RequestedRunner[],
  { clock, maxResponse, redactor }: ExchangeOptions,
): Promise<Exchange> {
  const { status } = response;
  if (status >= 300 && status < 400) {
    await discard(response);
    const error = `The endpoint answered ${status}, a redirect, which is not followed.`;
    return failure("redirect_refused", "transport", error);
  }
  const retry = retryAfter(response, clock.now());
  const read = await readBody(response, maxResponse);
  if ("fault" in read) return unreadable(read.fault, maxResponse);
  const body = redactor.json(read.text);
  if (response.ok) return readAnswer(body, runners);
  const endpointError = readEndpointError(body);
  if (endpointError) return { endpointError, ...retry };
  const detail = oneLine(problemDetail(body), MAX_DETAIL).replace(/\.$/, "");
  const error = `The endpoint answered HTTP status ${status}${detail && `: ${detail}`}.`;
  return { ...failure("bad_status", "transport", error), ...retry };
}

function unreadable(fault: "too_large" | "undecodable", maxResponse: number): JobOutcome {
  if (fault === "undecodable") {
    const error = "The endpoint answered a body that cannot be decompressed.";
    return failure("bad_body", "transport", error);
  }
  const error = `The endpoint answered more than ${maxResponse} bytes.`;
  return failure("response_too_large", "transport", error);
}

const MAX_DETAIL = 200;
const MAX_QUOTED = 10;

function quoted(names: ReadonlySet<string>): string {
  const shown = Array.from(names, (name) => `"${name}"`).slice(0, MAX_QUOTED);
  const more = names.size - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
