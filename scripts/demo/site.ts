/**
 * A small shop that shows a consent banner where the law asks for one. It decides by what each
 * request carries: the `x-visitor-region` header, as a content delivery network would set it.
 */

/** How long a visitor of a region waits for a page, in milliseconds: the shop stands in Virginia. */
const LATENCY_MS: Readonly<Record<string, number>> = { us: 120, eu: 350, ap: 700 };

const TITLES: ReadonlyMap<string, string> = new Map([
  ["/", "Corner Shop"],
  ["/checkout", "Checkout · Corner Shop"],
]);

/** Starts the shop on a port of the system's choice. */
export function startSite(): { readonly origin: string; readonly stop: () => void } {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, development: false, fetch: visit });
  return { origin: `http://127.0.0.1:${server.port}`, stop: () => void server.stop(true) };
}

async function visit(request: Request): Promise<Response> {
  const title = TITLES.get(new URL(request.url).pathname);
  if (title === undefined) return new Response("Not found", { status: 404 });
  const continent = request.headers.get("x-visitor-region")?.split("-")[0] ?? "us";
  await Bun.sleep(LATENCY_MS[continent] ?? 200);
  return new Response(page(title, continent === "eu"), {
    headers: { "content-type": "text/html;charset=utf-8" },
  });
}

function page(title: string, consentNeeded: boolean): string {
  const banner = consentNeeded
    ? `<aside id="consent-banner" role="dialog">We use cookies. <button>Accept</button></aside>`
    : "";
  return `<!doctype html><html lang="en"><head><title>${title}</title></head>
<body><h1>${title}</h1><p>Fresh bread, every day.</p>${banner}</body></html>`;
}
