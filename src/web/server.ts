/**
 * The server behind the page: its API, whether it can be reached, and who is signed in.
 */
import { signal } from "@preact/signals";

import { Client } from "../client/client.ts";
import { Refusal, type ServerAway } from "../client/errors.ts";
import { exchange, network, readJson } from "../client/exchange.ts";
import { Patience } from "../client/patience.ts";

export const API = "/api/orchestrator";
const SESSION = "/api/session";

export interface Who {
  readonly scope: "runs:read" | "runs:write" | "admin";
  /** Absent: the server asks for no key. */
  readonly name?: string;
  readonly expiresAt?: string;
}

/** Undefined until the server has told; null: a key is needed first. */
export const who = signal<Who | null | undefined>(undefined);

/** Why the server does not even say who is signed in. */
export const denied = signal<string | undefined>(undefined);

/** What keeps the page from its server at present. */
export const trouble = signal<ServerAway | Refusal | undefined>(undefined);

export const client = new Client({ carry: network, base: location.origin + API });

/** Goes on trying for as long as the page is open. */
export const patience = new Patience({
  limitMs: Infinity,
  onTrouble: (now) => {
    trouble.value = now;
  },
});

/**
 * What the server answers, asked again for as long as it cannot be reached. Rejects with Refusal
 * or NotVolley. A refusal for want of a key leads to the sign-in.
 */
export async function patiently<Value>(
  ask: () => Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  try {
    return await patience.until(ask, signal);
  } catch (error) {
    noteRefusal(error);
    throw error;
  }
}

/** A session that has ended is noticed by the first request that it does not carry any more. */
export function noteRefusal(error: unknown): void {
  if (error instanceof Refusal && error.code === "unauthorized") who.value = null;
}

/** The JSON of an answer of the server, for what `Client` does not know. */
export async function json<Shape>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Shape> {
  const request = new Request(location.origin + path, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  return (await readJson(await exchange(network, request))) as Shape;
}

/** Asks who is signed in. */
export async function identify(): Promise<void> {
  try {
    who.value = await patiently(() => json<Who>("GET", SESSION));
  } catch (error) {
    noteRefusal(error);
    if (who.value === undefined) who.value = null;
  }
}

export async function signIn(key: string): Promise<void> {
  who.value = await json<Who>("POST", SESSION, { key });
}

export async function signOut(): Promise<void> {
  await exchange(network, new Request(location.origin + SESSION, { method: "DELETE" }));
  who.value = null;
}

/** A failure in a sentence. */
export function sentence(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  if (error instanceof Error) return `The server ${error.message}.`;
  return "Something went wrong.";
}
