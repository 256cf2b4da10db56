/**
 * A small site on this machine: a page whose consent banner depends on a header, one that never
 * comes to rest, and a cookie for whoever asks.
 */
export interface Site extends AsyncDisposable {
  readonly url: string;
}

export function openSite(): Site {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    idleTimeout: 0,
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/restless")
        return html(`<script>setInterval(() => fetch("/x"), 50)</script>`);
      const region = request.headers.get("x-visitor-region") ?? "";
      return html(region.startsWith("eu-") ? BANNER : "");
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

const BANNER = `<aside id="consent-banner">We use cookies.
  <button>Accept</button><button>Refuse</button></aside>`;

function html(body: string): Response {
  return new Response(`<!doctype html><title>Corner Shop</title><h1>Bread</h1>${body}`, {
    headers: { "content-type": "text/html;charset=utf-8" },
  });
}
