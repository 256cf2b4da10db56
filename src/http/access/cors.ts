/**
 * CORS for origins allowed by name, and none else. Cookies are never part of it: such a page brings
 * a key of its own.
 */
const PREFLIGHT_HEADERS = {
  "access-control-allow-methods": "GET, POST, DELETE",
  "access-control-allow-headers":
    "authorization, content-type, idempotency-key, if-none-match, last-event-id",
  "access-control-max-age": "600",
};
const EXPOSED = "etag, idempotent-replayed, location, retry-after, x-request-id";

/** Headers that any answer to the request needs if some origin is allowed. */
export function corsHeaders(
  headers: Headers,
  allowed: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  const origin = headers.get("origin");
  if (origin === null || !allowed.has(origin)) return { vary: "origin" };
  return {
    vary: "origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers": EXPOSED,
  };
}

/** The answer to a browser's question beforehand, which carries no key; undefined if it is none. */
export function preflight(
  { headers, method }: Request,
  allowed: ReadonlySet<string>,
): Response | undefined {
  if (method !== "OPTIONS" || !headers.has("access-control-request-method")) return undefined;
  const origin = headers.get("origin");
  if (origin === null || !allowed.has(origin)) return undefined;
  return new Response(null, { status: 204, headers: PREFLIGHT_HEADERS });
}
