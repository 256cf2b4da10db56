/** The dashboard's files as a server answers them, from source as well as from the binary. */
import { describe, expect, test } from "bun:test";

import { withDashboard } from "../../src/http/web/dashboard.ts";
import { serve } from "../e2e/serving.ts";
import { temporaryFolder } from "../support/folder.ts";

type Ask = (path: string, init?: RequestInit) => Promise<Response>;

const next = async (): Promise<Response> => new Response("next", { status: 404 });
const fetchSource = withDashboard(next);
const fromSource: Ask = (path, init) =>
  fetchSource(new Request(`http://127.0.0.1:3000${path}`, init));

/** The files that a page names. */
function filesOf(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = ""]) => path);
}

async function expectDashboard(ask: Ask): Promise<void> {
  const page = await ask("/");
  expect(page.status).toBe(200);
  expect(page.headers.get("content-type")).toStartWith("text/html");
  expect(page.headers.get("cache-control")).toBe("no-cache");
  const policy = page.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*/);
  const html = await page.text();
  for (const path of [
    "/runs/run_x",
    "/runs/a%2Fb",
    "/submit",
    "/regions",
    "/history",
    "/sign-in",
  ]) {
    expect([path, await (await ask(`${path}?a=b`)).text()]).toEqual([path, html]);
  }

  const files = filesOf(html);
  expect(files.map((path) => path.split(".").at(-1)).toSorted()).toEqual(["css", "js"]);
  for (const path of files) {
    const file = await ask(path);
    expect([path, file.status]).toEqual([path, 200]);
    expect(file.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(file.headers.get("x-content-type-options")).toBe("nosniff");
    expect(file.headers.get("content-type")).toMatch(/^text\/(css|javascript)/);
    const etag = file.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[^"]+"$/);
    expect((await file.text()).length).toBeGreaterThan(1_000);
    const again = await ask(path, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const head = await ask(path, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  }
}

describe("the dashboard", () => {
  test("is bundled from source where nothing was compiled", () => expectDashboard(fromSource));

  test("is inside the binary, whose API stays as it is", async () => {
    using folder = temporaryFolder();
    await using server = await serve({ data: folder.path, cwd: folder.path });
    const ask: Ask = (path, init) => fetch(server.origin + path, init);
    await expectDashboard(ask);
    for (const path of ["/chunk-00000000.js", "/nothing", "/runs", "/runs/a/b"]) {
      const response = await ask(path);
      expect([path, response.status]).toEqual([path, 404]);
      expect(response.headers.get("content-type")).toStartWith("application/problem+json");
    }
    expect((await ask("/", { method: "POST" })).status).toBe(404);
    expect((await ask("/healthz")).status).toBe(200);
  }, 120_000);

  test("leaves everything else to the API", async () => {
    for (const path of ["/api/orchestrator", "/healthz", "/runs/", "/index.html", "/chunk-x.js"]) {
      expect([path, await (await fromSource(path)).text()]).toEqual([path, "next"]);
    }
  });
});
