/**
 * What a runner endpoint says of itself, from `GET {base}/info`: asked with a short limit and
 * trusted no more than any other answer.
 */
import type { Region } from "../domain/region.ts";
import { readBody } from "./read-body.ts";
import { transportFault } from "./transport-fault.ts";
import { withoutToken } from "./without-token.ts";

const LIMIT_MS = 2_000;
const MAX_INFO = 256 * 1024;
const MAX_RUNNERS = 1_000;

export type EndpointInfo =
  | {
      readonly healthy: true;
      /** From request to answer, in milliseconds. */
      readonly latencyMs: number;
      readonly runners: readonly string[];
      /** The region the endpoint says it answers for. */
      readonly region?: string;
    }
  | { readonly healthy: false; readonly error: string };

/** Never rejects. `monotonic`: milliseconds that never go back. */
export async function askEndpoint(region: Region, monotonic: () => number): Promise<EndpointInfo> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const started = monotonic();
  try {
    const response = await fetch(`${region.url}/info`, {
      headers: {
        accept: "application/json",
        "accept-encoding": "identity",
        ...(region.token === undefined ? {} : { authorization: `Bearer ${region.token}` }),
      },
      signal,
      redirect: "manual",
      proxy: false,
      keepalive: false,
      decompress: false,
    });
    const body = await readBody(response, MAX_INFO);
    if (!response.ok) return unhealthy(`The endpoint answered HTTP status ${response.status}.`);
    if ("fault" in body) return unhealthy("The endpoint answered an info that cannot be read.");
    return {
      ...readInfo(withoutToken(body.text, region)),
      latencyMs: Math.round(monotonic() - started),
    };
  } catch (error) {
    if (signal.aborted) return unhealthy(`The endpoint did not answer within ${LIMIT_MS} ms.`);
    return unhealthy(transportFault(error).error);
  }
}

function readInfo(text: string): Omit<Extract<EndpointInfo, { healthy: true }>, "latencyMs"> {
  const info = parse(text);
  const listed: unknown[] = Array.isArray(info?.runners) ? info.runners : [];
  const runners = listed.filter((name) => typeof name === "string").slice(0, MAX_RUNNERS);
  const region = info?.region;
  return { healthy: true, runners, ...(typeof region === "string" ? { region } : {}) };
}

/** Undefined for an endpoint of another kind: it is there, and says nothing of itself. */
function parse(text: string): { runners?: unknown; region?: unknown } | null | undefined {
  try {
    return JSON.parse(text) as { runners?: unknown } | null;
  } catch {
    return undefined;
  }
}

function unhealthy(error: string): EndpointInfo {
  return { healthy: false, error };
}
