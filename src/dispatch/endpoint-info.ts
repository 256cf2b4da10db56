/**
 * What a runner endpoint says of itself, from `GET {base}/info`: asked with a short limit and
 * trusted no more than any other answer.
 */
import type { Region } from "../domain/region.ts";
import { Endpoint } from "./endpoint.ts";
import { type InfoAnswer, readInfo } from "./read-info.ts";
import { regionRedactor } from "./region-redactor.ts";
import { transportFault } from "./transport-fault.ts";

/** How long an endpoint may take to answer, in milliseconds. */
export const INFO_LIMIT_MS = 2_000;
/** Input schemas make it long. */
const MAX_INFO = 4 * 1024 ** 2;

export type EndpointInfo =
  | (InfoAnswer & {
      readonly healthy: true;
      /** From request to answer, in milliseconds. */
      readonly latencyMs: number;
    })
  | { readonly healthy: false; readonly error: string };

/**
 * Asks as a job would be dispatched, on connections of its own. Never rejects. `monotonic`:
 * milliseconds that never go back; `http1`: never over HTTP/2.
 */
export async function askEndpoint(
  region: Region,
  monotonic: () => number,
  http1 = false,
): Promise<EndpointInfo> {
  const signal = AbortSignal.timeout(INFO_LIMIT_MS);
  const endpoint = new Endpoint(region, { monotonic, http1, maxAnswer: MAX_INFO });
  try {
    await endpoint.ready(signal);
    const started = monotonic();
    const { headers } = endpoint;
    const { body, response } = await endpoint.ask("/info", { method: "GET", headers, signal });
    if (!response.ok) return unhealthy(`The endpoint answered HTTP status ${response.status}.`);
    if (typeof body !== "string") {
      return unhealthy("The endpoint answered an info that cannot be read.");
    }
    const latencyMs = Math.round(monotonic() - started);
    return { healthy: true, latencyMs, ...readInfo(regionRedactor(region, []).json(body)) };
  } catch (error) {
    if (signal.aborted) return unhealthy(`The endpoint did not answer within ${INFO_LIMIT_MS} ms.`);
    return unhealthy(transportFault(error).error);
  } finally {
    endpoint.close();
  }
}

function unhealthy(error: string): EndpointInfo {
  return { healthy: false, error };
}
