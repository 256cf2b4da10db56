/**
 * RegionDispatch: the jobs of one region, each as one POST to its runner endpoint. Whatever does
 * not depend on the job is decided once, when it is made.
 */
import type { RequestedRunner } from "../domain/job.ts";
import type { Region } from "../domain/region.ts";
import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/ids.ts";
import type { Redactor } from "../lib/redactor.ts";
import { signatureHeaders } from "../lib/signature.ts";
import {
  type EndpointError,
  failure,
  parseBody,
  problemDetail,
  readAnswer,
  readEndpointError,
} from "./answer.ts";
import type { DispatchJob, JobOutcome } from "./dispatch.ts";
import { Endpoint, type EndpointAnswer } from "./endpoint.ts";
import { missingRunners, withoutMissing } from "./missing-runners.ts";
import type { BodyFault } from "./read-body.ts";
import { oneLine, refused } from "./refusal.ts";
import { regionRedactor } from "./region-redactor.ts";
import { retryAfter } from "./retry-after.ts";
import { transportFault } from "./transport-fault.ts";

export interface RegionDispatchOptions {
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

const MAX_DETAIL = 200;

export class RegionDispatch {
  readonly #region: Region;
  readonly #endpoint: Endpoint;
  /** Of every POST. */
  readonly #headers: Readonly<Record<string, string>>;
  readonly #redactor: Redactor;
  readonly #maxResponse: number;
  readonly #clock: Pick<Clock, "now">;

  constructor(
    region: Region,
    { clock, http1 = false, maxResponse, secretKeys }: RegionDispatchOptions,
  ) {
    this.#region = region;
    this.#endpoint = new Endpoint(region, {
      monotonic: clock.monotonic,
      http1,
      maxAnswer: maxResponse,
    });
    this.#headers = { ...this.#endpoint.headers, "content-type": "application/json" };
    this.#redactor = regionRedactor(region, secretKeys);
    this.#maxResponse = maxResponse;
    this.#clock = clock;
  }

  /** See `Dispatch`. */
  async dispatch(job: DispatchJob, signal: AbortSignal): Promise<JobOutcome> {
    const first = await this.#post(job, job.runners, signal);
    if (!("endpointError" in first)) return first;
    const missing = missingRunners(job, first.endpointError);
    if (missing.size === 0) return refusal(first);
    const offered = job.runners.filter(({ name }) => !missing.has(name));
    if (offered.length === 0) return withoutMissing(job, missing);
    const second = await this.#post(job, offered, signal);
    return withoutMissing(job, missing, "endpointError" in second ? refusal(second) : second);
  }

  #post(
    { jobId, runId, url }: DispatchJob,
    runners: readonly RequestedRunner[],
    signal: AbortSignal,
  ): Promise<Exchange> {
    const body = JSON.stringify({ url, runners, runId, region: this.#region.name });
    const request = { method: "POST", headers: this.#signed(jobId, body), body, signal } as const;
    return this.#endpoint
      .ask("/execute", request)
      .then((answer) => this.#read(answer, runners), unanswered);
  }

  /** The headers of a POST, which is a message of its own: one that is seen twice was recorded. */
  #signed(jobId: string, body: string): Record<string, string> {
    const headers = { ...this.#headers, "idempotency-key": jobId };
    const { signingKeys } = this.#region;
    if (!signingKeys) return headers;
    const message = { id: newId("msg"), now: this.#clock.now(), body };
    return { ...headers, ...signatureHeaders(signingKeys, message) };
  }

  #read({ body, response }: EndpointAnswer, runners: readonly RequestedRunner[]): Exchange {
    const { ok, status } = response;
    if (typeof body !== "string") return unreadable(body, status, this.#maxResponse);
    const answer = parseBody(body, this.#redactor);
    if (ok) return readAnswer(answer, runners);
    const retry = retryAfter(response, this.#clock.now());
    const endpointError = readEndpointError(answer);
    if (endpointError) return { endpointError, ...retry };
    const detail = oneLine(problemDetail(answer), MAX_DETAIL).replace(/\.$/, "");
    const error = `The endpoint answered HTTP status ${status}${detail && `: ${detail}`}.`;
    return { ...failure("bad_status", "transport", error), ...retry };
  }
}

function unanswered(error: unknown): Exchange {
  const { code, error: sentence } = transportFault(error);
  return { ...failure(code, "transport", sentence), retry: {} };
}

/** What the endpoint knows it will refuse again is not worth another attempt. */
function refusal({ endpointError, ...retry }: EndpointRefusal): JobOutcome {
  const outcome = refused(endpointError);
  const final = outcome.errorCode === "runner_not_found" || outcome.errorCode === "invalid_input";
  return final ? outcome : { ...outcome, ...retry };
}

function unreadable({ fault }: BodyFault, status: number, maxResponse: number): JobOutcome {
  switch (fault) {
    case "redirect": {
      const error = `The endpoint answered ${status}, a redirect, which is not followed.`;
      return failure("redirect_refused", "transport", error);
    }
    case "undecodable": {
      const error = "The endpoint answered a body that cannot be decompressed.";
      return failure("bad_body", "transport", error);
    }
    case "too_large": {
      const error = `The endpoint answered more than ${maxResponse} bytes.`;
      return failure("response_too_large", "transport", error);
    }
  }
}
