/**
 * /docs and /spec.json: interactive documentation whose every byte comes from this binary.
 *
 * The content security policy allows no inline script and no other host, so the page works, and
 * stays harmless, without a network.
 */
import { Elysia } from "elysia";
import bundlePath from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };

import { PAGE_POLICY } from "../security-headers.ts";
import type { OpenApiDocument } from "./spec.ts";

import stylePath from "swagger-ui-dist/swagger-ui.css" with { type: "file" };

export interface DocsOptions {
  /** Path the routes are served under. */
  readonly basePath: string;
  readonly title: string;
  /** Called once, at the first request. */
  readonly spec: () => Promise<OpenApiDocument>;
  /** Adds what changes while the server runs; called at every request. */
  readonly current?: (document: OpenApiDocument) => Promise<OpenApiDocument>;
}

export function docsRoutes({ basePath, current, spec, title }: DocsOptions) {
  let document: Promise<OpenApiDocument> | undefined;
  return new Elysia({ prefix: basePath, detail: { hide: true } })
    .get("/spec.json", async () => {
      document ??= spec();
      const whole = current ? await current(await document) : await document;
      const headers = { "content-type": "application/json" };
      return new Response(JSON.stringify(whole), { headers });
    })
    .get("/docs", () => send(page(basePath, title), "text/html"))
    .get("/docs/init.js", () => send(initializer(basePath), "text/javascript"))
    .get("/docs/swagger-ui-bundle.js", () => send(Bun.file(bundlePath), "text/javascript"))
    .get("/docs/swagger-ui.css", () => send(Bun.file(stylePath), "text/css"));
}

function page(basePath: string, title: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="${basePath}/docs/swagger-ui.css" />
  </head>
  <body>
    <div id="docs"></div>
    <script src="${basePath}/docs/swagger-ui-bundle.js"></script>
    <script src="${basePath}/docs/init.js"></script>
  </body>
</html>
`;
}

function initializer(basePath: string): string {
  const options = {
    url: `${basePath}/spec.json`,
    dom_id: "#docs",
    deepLinking: true,
    tryItOutEnabled: true,
    // Otherwise the page asks a public service to validate the document.
    validatorUrl: null,
  };
  return `SwaggerUIBundle(${JSON.stringify(options)});\n`;
}

function send(body: string | Blob, type: string): Response {
  return new Response(body, {
    headers: { "content-security-policy": PAGE_POLICY, "content-type": `${type};charset=utf-8` },
  });
}
