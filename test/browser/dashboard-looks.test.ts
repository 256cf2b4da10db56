/** The dashboard for everybody: by an accessibility checker, in every colour scheme and width. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";

import type { AxeResults } from "axe-core";
import type { Browser } from "playwright-core";

import { issueKey } from "../../src/domain/key.ts";
import { serve, type Serving } from "../e2e/serving.ts";
import { hasBrowser, launchBrowser } from "../support/browser.ts";
import { type Endpoint, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { DashboardPage } from "./dashboard-page.ts";

const AXE = await Bun.file(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir)).text();
const LARGEST_SCRIPT = 60 * 1024;
const URL_UNDER_TEST = "https://shop.example/a/rather/long/path?with=a&query=that-does-not-end";

describe.skipIf(!hasBrowser)("the looks of the dashboard", () => {
  const folder = temporaryFolder();
  let browser: Browser;
  let server: Serving;
  let endpoint: Endpoint;
  let paths: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
    endpoint = startEndpoint(({ body }) =>
      Response.json({
        results: body.runners.map(({ name }) => ({
          name,
          status: { bannerTest: "fail", titleTest: "pass" }[name] ?? "error",
          errorMessage: "net::ERR_CERT_DATE_INVALID",
          details: { title: name, where: body.region },
          durationMs: 12,
        })),
      }),
    );
    const regions = {
      "eu-1": endpoint.base,
      "ap-southeast-1": endpoint.base,
      gone: "http://127.0.0.1:1",
    };
    server = await serve({ data: folder.path, regions });
    const runId = await server.api.submit({
      mode: "remote",
      runners: Object.keys(regions).flatMap((region) =>
        ["bannerTest", "titleTest", "otherTest"].map((name) => ({
          name,
          region,
          input: { url: URL_UNDER_TEST },
        })),
      ),
      expect: { "*": "pass" },
      tags: ["nightly"],
    });
    await server.api.ended(runId);
    const cell = { runner: "otherTest", cell: URL_UNDER_TEST, region: "eu-1" };
    const history = { runner: "bannerTest", url: URL_UNDER_TEST };
    paths = [
      "/",
      "/?state=queued",
      `/runs/${runId}`,
      ...["differences", "errors", "timeline", "screenshots", "request", "reports"].map(
        (view) => `/runs/${runId}?view=${view}`,
      ),
      `/runs/${runId}?${new URLSearchParams(cell)}`,
      "/runs/nobody",
      "/submit",
      "/regions",
      "/history",
      `/history?${new URLSearchParams(history)}`,
    ];
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await server.stop("SIGKILL");
    endpoint[Symbol.dispose]();
    folder[Symbol.dispose]();
  });

  test.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 360],
    ["dark", 360],
  ] as const)(
    "are in order for an accessibility checker, %s at %d pixels",
    async (colorScheme, width) => {
      const viewport = { width, height: 800 };
      await using dashboard = await DashboardPage.open(browser, server.origin, {
        colorScheme,
        viewport,
        // The checker is put into the page, which the page's own policy forbids.
        bypassCSP: true,
      });
      const { page } = dashboard;
      for (const path of paths) {
        await dashboard.settle(path);
        expect([path, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([
          path,
          width,
        ]);
        await page.evaluate(AXE);
        const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
        const serious = violations.filter(({ impact }) => impact !== "minor");
        const told = serious.map(
          ({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`,
        );
        expect([path, told]).toEqual([path, []]);
      }
    },
    120_000,
  );

  test.each([1280, 360])(
    "name regions and runs in one piece at %d pixels",
    async (width) => {
      const viewport = { width, height: 800 };
      await using dashboard = await DashboardPage.open(browser, server.origin, { viewport });
      const { page } = dashboard;
      await dashboard.settle(paths[2] ?? "");
      await page.getByRole("grid").waitFor();
      const cut = `[...document.querySelectorAll('[role="columnheader"]')]
      .filter(({ clientWidth, scrollWidth }) => scrollWidth > clientWidth)
      .map(({ textContent }) => textContent)`;
      expect(await page.evaluate(cut)).toEqual([]);
      await dashboard.settle(paths.at(-1) ?? "");
      const heights = "[...document.querySelectorAll('td .run-id')].map((id) => id.offsetHeight)";
      await page.locator("td .run-id").first().waitFor();
      expect(Math.max(...((await page.evaluate(heights)) as number[]))).toBeLessThan(30);
    },
    120_000,
  );

  test.each([1280, 360])(
    "have fields of one height at %d pixels",
    async (width) => {
      const viewport = { width, height: 800 };
      await using dashboard = await DashboardPage.open(browser, server.origin, { viewport });
      await dashboard.settle("/");
      const fields = ".filters input, .filters select";
      const heights = `[...document.querySelectorAll("${fields}")].map((field) => field.offsetHeight)`;
      expect(new Set((await dashboard.page.evaluate(heights)) as number[]).size).toBe(1);
    },
    120_000,
  );

  test("count one job as one on a narrow screen", async () => {
    const body = { name: "otherTest", region: "eu-1", input: { url: URL_UNDER_TEST } };
    await server.api.ended(await server.api.submit({ mode: "remote", runners: [body] }));
    const viewport = { width: 360, height: 800 };
    await using dashboard = await DashboardPage.open(browser, server.origin, { viewport });
    await dashboard.settle("/");
    await dashboard.shows(/^1 job$/);
    await dashboard.page.setViewportSize({ width: 1280, height: 800 });
    await eventually("the column alone says what is counted", async () => {
      return !/\bjobs?\b/.test(await dashboard.page.locator("tbody").innerText());
    });
  }, 120_000);

  test("are in order where somebody signs in", async () => {
    using data = temporaryFolder();
    const file = join(data.path, "key");
    await Bun.write(file, issueKey().text);
    await using guarded = await serve({ data: data.path, args: ["--admin-key-file", file] });
    await using dashboard = await DashboardPage.open(browser, guarded.origin, { bypassCSP: true });
    await dashboard.visit("/");
    await dashboard.page.getByLabel("API key").waitFor();
    await dashboard.page.evaluate(AXE);
    const { violations } = (await dashboard.page.evaluate("axe.run()")) as AxeResults;
    expect(violations.map(({ id }) => id)).toEqual([]);
  }, 120_000);

  test("cost less script than a picture", async () => {
    await using dashboard = await DashboardPage.open(browser, server.origin);
    await dashboard.settle("/");
    const scripts = dashboard.asked.filter((url) => url.endsWith(".js"));
    expect(scripts.length).toBeGreaterThan(0);
    const sizes = scripts.map(async (url) => Bun.gzipSync(await (await fetch(url)).bytes()).length);
    const sum = (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
    expect(sum).toBeLessThan(LARGEST_SCRIPT);
  }, 120_000);
});
