/** The dashboard of runs whose every text was written by somebody who means harm. */
import { describe, expect, test } from "bun:test";

import { serve } from "../e2e/serving.ts";
import { CORPUS } from "../report/hostile.ts";
import { hasBrowser, launchBrowser } from "../support/browser.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { DashboardPage } from "./dashboard-page.ts";

const NAMES = CORPUS.filter(
  (name) =>
    name.length <= 128 && name !== "__proto__" && !/[\u0000-\u001f\u007f-\u009f]/.test(name),
);
const IMAGE =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

describe.skipIf(!hasBrowser)("the dashboard of hostile text", () => {
  test("shows it, runs nothing of it, and breaks no policy", async () => {
    using endpoint = startEndpoint(({ body }) =>
      Response.json({
        results: body.runners.map(({ name }, index) => ({
          name,
          reportedName: `other ${name}`,
          status: (["pass", "fail", "error"] as const)[index % 3],
          details: {
            [name]: name,
            html: CORPUS,
            screenshot: index % 2 ? IMAGE : `data:image/svg+xml,${name}`,
          },
          errorMessage: name,
          logs: [{ at: new Date().toISOString(), message: name, meta: { [name]: name } }],
        })),
      }),
    );
    using folder = temporaryFolder();
    await using server = await serve({ data: folder.path, regions: { "eu-1": endpoint.base } });
    const url = 'https://shop.example/?q="><img src=x onerror=alert(1)>';
    const runId = await server.api.submit({
      mode: "remote",
      runners: NAMES.map((name) => ({
        name,
        region: "eu-1",
        input: { url, [name]: name },
      })),
      tags: NAMES.filter((name) => name.length <= 64).slice(0, 10),
    });
    await server.api.ended(runId);

    await using browser = await launchBrowser();
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page, said } = dashboard;
    const texts = () => page.evaluate("document.body.innerText") as Promise<string>;
    const elements = "document.querySelectorAll('iframe, object, embed, base, main script').length";
    const run = `/runs/${runId}`;
    const history = new URLSearchParams({ runner: NAMES[0] ?? "", url });
    const paths = [
      "/",
      `/?${new URLSearchParams({ tag: NAMES[0] ?? "", text: NAMES[1] ?? "" })}`,
      run,
      ...["differences", "errors", "timeline", "screenshots", "request"].map(
        (view) => `${run}?view=${view}`,
      ),
      ...NAMES.slice(0, 12).map(
        (runner) => `${run}?${new URLSearchParams({ runner, cell: url, region: "eu-1" })}`,
      ),
      `/history?${history}`,
      `/runs/${encodeURIComponent("<img src=x onerror=alert(1)>")}`,
      "/regions",
      "/submit",
    ];
    for (const path of paths) {
      await dashboard.settle(path);
      expect([path, await page.evaluate(elements)]).toEqual([path, 0]);
      expect([path, await dashboard.faults()]).toEqual([path, []]);
    }
    await dashboard.visit(run);
    await page.getByRole("grid").waitFor();
    expect(await texts()).toContain("<script>alert(1)</script>");
    // An answer that there is no such run is told to the console by the browser itself.
    expect(said.filter((line) => !line.includes("status of 40"))).toEqual([]);
    const links = "[...document.links].map((link) => link.protocol)";
    expect(new Set((await page.evaluate(links)) as string[])).toEqual(new Set(["http:"]));
  }, 120_000);

  test("makes a link of a page's address only", async () => {
    using folder = temporaryFolder();
    await using server = await serve({ data: folder.path });
    await using browser = await launchBrowser();
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const query = new URLSearchParams({ runner: "a", url: "javascript:alert(1)" });
    await dashboard.visit(`/history?${query}`);
    await dashboard.shows("The history cannot be read");
    expect(await dashboard.page.locator('a[href^="javascript"]').count()).toBe(0);
  }, 120_000);
});
