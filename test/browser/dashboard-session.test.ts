/** The dashboard of a server that asks for a key, and of one that goes away. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";

import type { Browser } from "playwright-core";

import { issueKey } from "../../src/domain/key.ts";
import { serve, type Serving } from "../e2e/serving.ts";
import { hasBrowser, launchBrowser } from "../support/browser.ts";
import { gate, pass, startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { DashboardPage } from "./dashboard-page.ts";

const jobs = (count: number) => ({
  mode: "remote",
  runners: Array.from({ length: count }, (_, index) => ({
    name: "titleTest",
    region: "eu-1",
    input: { url: `https://shop.example/${index}` },
  })),
});

/** A server that asks for a key, and the key. */
async function guarded(folder: string): Promise<{ key: string; server: Serving }> {
  const key = issueKey().text;
  const file = join(folder, "key");
  await Bun.write(file, key);
  const args = ["--admin-key-file", file];
  return { key, server: await serve({ data: join(folder, "data"), args }) };
}

describe.skipIf(!hasBrowser)("the dashboard in a browser", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  }, 120_000);

  afterAll(() => browser.close());

  test("signs in, keeps the key nowhere, and signs out", async () => {
    using folder = temporaryFolder();
    const { key, server: started } = await guarded(folder.path);
    await using server = started;
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit("/regions");
    await page.waitForURL("**/sign-in?to=%2Fregions");
    await page.getByLabel("API key").fill(issueKey().text);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("This key is unknown, expired or revoked.").waitFor();
    await page.getByLabel("API key").fill(key);
    await page.keyboard.press("Enter");
    await dashboard.shows("No regions are configured");
    await page.waitForURL(({ pathname }) => pathname === "/regions");
    const kept = "JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])";
    expect(await page.evaluate(kept)).toBe('["",{},{}]');

    await page.reload();
    await dashboard.shows("No regions are configured");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API key").waitFor();
    await page.waitForFunction('document.activeElement.name === "key"');
    await dashboard.visit("/");
    await page.getByLabel("API key").waitFor();
    expect(await dashboard.faults()).toEqual([]);
  }, 120_000);

  test("leads nowhere else after the sign-in", async () => {
    using folder = temporaryFolder();
    const { key, server: started } = await guarded(folder.path);
    await using server = started;
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit(`/sign-in?to=${encodeURIComponent("//evil.example/x")}`);
    await page.getByLabel("API key").fill(key);
    await page.keyboard.press("Enter");
    await dashboard.shows("No runs yet");
    await page.waitForURL(`${server.origin}/`);
  }, 120_000);

  test.each(["SIGTERM", "SIGKILL"] as const)(
    "goes on with a run after its server was away (%s), without a reload",
    async (signal) => {
      using folder = temporaryFolder();
      let held = gate();
      using endpoint = startEndpoint(async (received) => {
        if (!received.body.url.endsWith("/0")) await held.opened;
        return pass(received);
      });
      const regions = { "eu-1": endpoint.base };
      const options = { data: folder.path, regions, args: ["--drain", "0s"] };
      const first = await serve(options);
      const port = new URL(first.origin).port;
      const runId = await first.api.submit(jobs(3));
      await using dashboard = await DashboardPage.open(browser, first.origin);
      await using list = await DashboardPage.open(browser, first.origin);
      const { page } = dashboard;
      await list.visit("/");
      await list.shows("1 of 3");
      await dashboard.visit(`/runs/${runId}`);
      await dashboard.shows("3 jobs: 1 ended, 2 running, 0 queued");
      await page.evaluate("window.sameDocument = true");

      await first.stop(signal);
      await dashboard.shows(/^Offline: /);
      await list.shows(/^Offline: /);
      // What was known stays in sight.
      await dashboard.shows("3 jobs: 1 ended, 2 running, 0 queued");
      await using second = await serve({
        ...options,
        args: [...options.args, "--port", port],
      });
      await page.getByText(/^Offline: /).waitFor({ state: "detached" });
      held.open();
      await second.api.ended(runId);
      await page.getByRole("button", { name: "Rerun all" }).waitFor();
      await dashboard.shows("3 passed");
      await list.shows("3 passed");
      expect(await page.evaluate("window.sameDocument")).toBeTrue();
      expect(await dashboard.faults()).toEqual([]);
      held = gate();
    },
    120_000,
  );
});
