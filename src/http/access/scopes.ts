/**
 * What a request needs: told by its method, so that a route nobody thought of is never open.
 */
import type { Scope } from "../../domain/key.ts";

/** Where a person signs in, and where keys are managed. At the root of the server. */
export const SESSION_PATH = "/api/session";
export const KEYS_PATH = "/api/keys";

/** Requests that need no key: methods by path. */
const OPEN = new Map([
  // For whoever keeps the server running, and cannot carry a key as a rule.
  ["/healthz", ["GET", "HEAD"]],
  ["/readyz", ["GET", "HEAD"]],
  // The key is in the body. Whoever leaves may have a session that ended already.
  [SESSION_PATH, ["POST", "DELETE"]],
]);

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/** The scope a request needs; undefined if it needs no key. `path`: as it was sent, undecoded. */
export function neededScope(method: string, path: string): Scope | undefined {
  if (OPEN.get(path)?.includes(method)) return undefined;
  if (path === KEYS_PATH || path.startsWith(`${KEYS_PATH}/`)) return "admin";
  return READING.has(method) ? "runs:read" : "runs:write";
}
