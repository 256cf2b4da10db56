/** The dashboard of a run that is too large to be drawn. */
import { describe, expect, test } from "bun:test";

import { jobs, serve } from "../e2e/serving.ts";
import { hasBrowser, launchBrowser } from "../support/browser.ts";
import { gate, pass, startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { DashboardPage } from "./dashboard-page.ts";

const MORE_THAN_DRAWN = 20_001;

describe.skipIf(!hasBrowser)("the dashboard of a large run", () => {
  test("counts jobs and results as they come, and offers the reports", async () => {
    const [first, second] = [gate(), gate()];
    using endpoint = startEndpoint(async (request) => {
      const nth = endpoint.received.length;
      if (nth > 100) await first.opened;
      if (nth > 300) await second.opened;
      return pass(request);
    });
    using folder = temporaryFolder();
    await using server = await serve({
      data: folder.path,
      regions: { eu: endpoint.base },
      args: ["--max-runners", String(MORE_THAN_DRAWN), "--max-in-flight", "100"],
    });
    const runId = await server.api.submit(jobs(MORE_THAN_DRAWN));
    await using browser = await launchBrowser();
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page, said } = dashboard;

    await dashboard.visit(`/runs/${runId}`);
    await dashboard.shows("This run is too large to be drawn here");
    await dashboard.shows("100 passed");
    await dashboard.shows(`${MORE_THAN_DRAWN} jobs: 100 ended`);
    await page.getByRole("link", { name: "report.html" }).waitFor();
    first.open();
    await dashboard.shows("300 passed");
    await dashboard.shows(`${MORE_THAN_DRAWN} jobs: 300 ended`);
    second.open();
    await server.api.ended(runId);
    await dashboard.shows(`${MORE_THAN_DRAWN} passed`);
    await dashboard.shows("completed after");
    expect(said).toEqual([]);
  }, 120_000);
});
