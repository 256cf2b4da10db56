/**
 * Send: one attempt to hand a message to a receiver, as one POST to an address that was checked.
 *
 * The name is resolved here and the address is dialled as it is, so that no second look-up can
 * lead elsewhere. Nothing of the answer is kept but its status.
 */
import { version } from "../../package.json" with { type: "json" };
import { discard } from "../dispatch/read-body.ts";
import { retryAfter } from "../dispatch/retry-after.ts";
import { transportFault } from "../dispatch/transport-fault.ts";
import { parseAddress } from "../lib/ip-address.ts";
import { present } from "../lib/present.ts";
import { signatureHeaders, type SigningKeys } from "../lib/signature.ts";
import type { CallbackConfig } from "./flags.ts";
import { hostOf, type Receivers } from "./receivers.ts";

/** Limit of an attempt in milliseconds, from the look-up of the name to the status. */
export const SEND_LIMIT_MS = 10_000;

export interface Message {
  /** The same for each attempt. */
  readonly id: string;
  readonly url: string;
  readonly body: string;
  /** Attempts before this one; further addresses of a name have their turn. */
  readonly earlier: number;
}

/** What came of it. `final`: another attempt would end alike. */
export type Sent =
  | { readonly state: "delivered"; readonly status: number }
  | {
      readonly state: "failed" | "refused";
      readonly final: boolean;
      /** One sentence, without the address and without anything the receiver said. */
      readonly error: string;
      readonly status?: number;
      readonly afterMs?: number;
    };

export interface SendOptions {
  readonly receivers: Pick<Receivers, "refusal" | "addressRefusal">;
  readonly keys: SigningKeys;
  /** Every address of a name, as text. */
  readonly addresses: (host: string) => Promise<readonly string[]>;
  readonly now: () => number;
}

export async function send(
  message: Message,
  stopped: AbortSignal,
  options: SendOptions,
): Promise<Sent> {
  const limit = AbortSignal.timeout(SEND_LIMIT_MS);
  const signal = AbortSignal.any([limit, stopped]);
  try {
    return await attempt(message, signal, options);
  } catch (error) {
    if (limit.aborted) return failed(`The receiver did not answer within ${SEND_LIMIT_MS} ms.`);
    return failed(`The receiver could not be reached (${transportFault(error).code}).`);
  }
}

async function attempt(
  { body, earlier, id, url: text }: Message,
  signal: AbortSignal,
  { keys, addresses: resolve, now, receivers }: SendOptions,
): Promise<Sent> {
  const refusal = receivers.refusal(text);
  if (refusal !== undefined) return refused(refusal);
  const url = new URL(text);
  const host = hostOf(url);
  const literal = parseAddress(host) !== undefined;
  const addresses = literal ? [host] : await unless(signal, resolve(host));
  for (const spelt of addresses) {
    const address = parseAddress(spelt);
    const why = address ? receivers.addressRefusal(url, address) : "Leads to no address.";
    // One that may not be called condemns the name: who controls it chose to mix them.
    if (why !== undefined) return refused(why);
  }
  const dialled = addresses[earlier % addresses.length];
  if (dialled === undefined) return failed("The receiver's host name does not resolve.");
  const response = await fetch(at(url, dialled), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "user-agent": `volley/${version}`,
      host: url.port === "" ? host : `${host}:${url.port}`,
      ...signatureHeaders(keys, { id, now: now(), body }),
    },
    body,
    signal,
    redirect: "manual",
    timeout: false,
    proxy: false,
    keepalive: false,
    decompress: false,
    ...(literal ? {} : { tls: { serverName: host } }),
  });
  await discard(response);
  return judged(response, now());
}

function judged(response: Response, now: number): Sent {
  const { status } = response;
  if (status >= 200 && status < 300) return { state: "delivered", status };
  const redirect = status >= 300 && status < 400 ? ", a redirect, which is not followed" : "";
  const error = `The receiver answered HTTP status ${status}${redirect}.`;
  const { afterMs } = retryAfter(response, now).retry ?? {};
  // 410: the receiver wants no more of it (Standard Webhooks).
  return { state: "failed", final: status === 410, error, status, ...present({ afterMs }) };
}

/** The URL with an address in the place of its host. */
function at(url: URL, address: string): string {
  const target = new URL(url);
  target.hostname = address.includes(":") && !address.startsWith("[") ? `[${address}]` : address;
  return target.href;
}

/** The promise's value, or the signal's reason: a resolver knows no signals. */
async function unless<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function failed(error: string): Sent {
  return { state: "failed", final: false, error };
}

function refused(error: string): Sent {
  return { state: "refused", final: true, error };
}

/** What sends for this process: to the URL of a message, or without one to the configured URL. */
export function callbackSender({ configured, keys, receivers }: CallbackConfig) {
  return async (
    message: Omit<Message, "url"> & { readonly url?: string },
    stopped: AbortSignal,
  ): Promise<Sent> => {
    const shared = { keys, addresses: addressesOf, now: Date.now };
    const { url } = message;
    if (url !== undefined) return send({ ...message, url }, stopped, { ...shared, receivers });
    if (configured)
      return send({ ...message, ...configured }, stopped, { ...shared, ...configured });
    return refused("There is no callback URL in the configuration any more.");
  };
}

async function addressesOf(host: string): Promise<string[]> {
  const { lookup } = await import("node:dns/promises");
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
