/**
 * The dashboard on the root of a server: one page for every path of it, and the files it loads.
 *
 * They hold nothing that is secret, so nobody is asked for a key here: what the page shows, it asks
 * the API for. Requests for anything else go on to the API.
 */
import { PAGE_POLICY, SECURITY_HEADERS } from "../security-headers.ts";
import { type Asset, type Assets, dashboardAssets } from "./assets.ts";

type Fetch = (request: Request) => Promise<Response>;

/** The paths of src/web/pages.tsx. */
const PAGE = /^\/(runs\/[^/]+|submit|regions|history|sign-in)?$/;
const API = "/api/";
const FILE = /^\/chunk-[a-z0-9]+\.(js|css)$/;

/** Answers requests for the dashboard, and leaves all others to `next`. */
export function withDashboard(next: Fetch): Fetch {
  let assets: Promise<Assets> | undefined;
  const dashboard = async (request: Request): Promise<Response> => {
    const path = URL.parse(request.url)?.pathname ?? "";
    const isPage = PAGE.test(path);
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead || !(isPage || FILE.test(path))) return next(request);
    const { files, page } = await (assets ??= dashboardAssets());
    if (isPage) return answer(request, page, "no-cache");
    const file = files.get(path);
    return file ? answer(request, file, "public, max-age=31536000, immutable") : next(request);
  };
  // Most requests are none of its business, and are not looked at any further.
  return (request) => (isBelow(API, request.url) ? next(request) : dashboard(request));
}

function isBelow(path: string, url: string): boolean {
  return url.startsWith(path, url.indexOf("/", "https://".length));
}

function answer({ headers, method }: Request, asset: Asset, caching: string): Response {
  const common = {
    ...SECURITY_HEADERS,
    "content-security-policy": PAGE_POLICY,
    "cache-control": caching,
    etag: asset.etag,
  };
  if (headers.get("if-none-match") === asset.etag) {
    return new Response(null, { status: 304, headers: common });
  }
  return new Response(method === "HEAD" ? null : asset.body, {
    headers: { ...common, "content-type": asset.type },
  });
}
