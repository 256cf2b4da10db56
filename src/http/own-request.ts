/**
 * Requests as other servers hand them over, made fit for the framework: some bring a look-alike of
 * Request, and the framework looks for the path from the eleventh character of the URL on.
 */

// Kept now: adapters replace the global.
const OwnRequest = Request;
const SHORTEST_ORIGIN = 11;
/** What was handed over, by what was made of it. */
const originals = new WeakMap<Request, Request>();

/** The request itself where nothing has to be mended. */
export function ownRequest(request: Request): Request {
  // A request without a usable Host header has a path for its URL.
  const url = request.url.startsWith("/") ? `http://localhost${request.url}` : request.url;
  const short = url.indexOf("/", "https://".length) < SHORTEST_ORIGIN || url !== request.url;
  if (!short && Object.getPrototypeOf(request) === OwnRequest.prototype) return request;
  const { body, headers, method, signal } = request;
  const target = short ? url.replace(/^(https?:\/\/)[^/]*/, "$1localhost") : url;
  const own = new OwnRequest(target, { method, headers: [...headers], body, signal });
  originals.set(own, request);
  return own;
}

/** The request as the server knows it. */
export function originalRequest(request: Request): Request {
  return originals.get(request) ?? request;
}
