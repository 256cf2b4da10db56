/**
 * Requests that a page of another origin made a browser send: refused, unless that origin is
 * allowed by name. What no browser sent is none of this module's business.
 */
import { AppError } from "../../domain/errors.ts";

export interface OwnOrigin {
  /** The origin people see, if a proxy stands before the server. */
  readonly publicUrl?: string;
  /** Whether the server itself speaks TLS. */
  readonly tls?: boolean;
}

/** A check that throws AppError `cross_origin`. `allowed`: origins that may send requests. */
export function originCheck(
  own: OwnOrigin,
  allowed: ReadonlySet<string> = new Set(),
): (request: Request) => void {
  return (request) => {
    const origin = request.headers.get("origin");
    if (origin !== null && allowed.has(origin)) return;
    const site = request.headers.get("sec-fetch-site");
    // "none" is a person: an address typed in, a bookmark.
    if (site === "same-origin" || site === "none") return;
    if (site === null ? origin === null || isOwn(origin, request, own) : isVisit(request)) return;
    throw new AppError(
      "cross_origin",
      "Requests by pages of other origins are refused; --cors-origin allows an origin.",
    );
  };
}

/** Whether a browser says that a page of this very server sent the request. */
export function isFromOwnPage(request: Request, own: OwnOrigin): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = request.headers.get("origin");
  return origin !== null && isOwn(origin, request, own);
}

function isOwn(origin: string, request: Request, { publicUrl, tls = false }: OwnOrigin): boolean {
  if (origin === publicUrl) return true;
  const host = request.headers.get("host");
  return host !== null && origin === `${tls ? "https" : "http"}://${host.toLowerCase()}`;
}

/** Somebody follows a link to a page here; that tells the page with the link nothing. */
function isVisit({ headers, method }: Request): boolean {
  return (
    method === "GET" &&
    headers.get("sec-fetch-mode") === "navigate" &&
    headers.get("sec-fetch-dest") === "document"
  );
}
