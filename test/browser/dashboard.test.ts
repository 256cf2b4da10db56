/** The dashboard, used as a person does: submit, watch, cancel, run again, look closer. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { Browser } from "playwright-core";

import { serve, type Serving } from "../e2e/serving.ts";
import { hasBrowser, launchBrowser } from "../support/browser.ts";
import { type Endpoint, gate, pass, startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { DashboardPage } from "./dashboard-page.ts";

const URL_UNDER_TEST = "https://shop.example/";

/** What an endpoint says of itself. */
const INFO = {
  runners: ["bannerTest"],
  inputSchemas: {
    bannerTest: {
      type: "object",
      properties: {
        url: { type: "string" },
        selector: { type: "string" },
        device: { enum: ["desktop", "phone"] },
        waitMs: { type: "integer" },
      },
      required: ["url", "selector"],
    },
  },
};

const request = (regions: readonly string[], more: Readonly<Record<string, unknown>> = {}) => ({
  mode: "remote",
  runners: regions.map((region) => ({
    name: "titleTest",
    region,
    input: { url: URL_UNDER_TEST },
  })),
  ...more,
});

describe.skipIf(!hasBrowser)("the dashboard in a browser", () => {
  const folder = temporaryFolder();
  let held = gate();
  let browser: Browser;
  let server: Serving;
  let eu: Endpoint;
  let us: Endpoint;
  let slow: Endpoint;
  let told: Bun.Server<undefined>;

  beforeAll(async () => {
    browser = await launchBrowser();
    eu = startEndpoint();
    us = startEndpoint(({ body }) =>
      Response.json({
        results: body.runners.map(({ name }) => ({
          name,
          status: "fail",
          errorMessage: "The title is wrong.",
          details: { title: "Store" },
        })),
      }),
    );
    slow = startEndpoint(async (received) => {
      await held.opened;
      return pass(received);
    });
    told = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json(INFO) });
    const regions = {
      "eu-1": eu.base,
      "us-1": us.base,
      "slow-1": slow.base,
      "told-1": `http://127.0.0.1:${told.port}/api/runner`,
    };
    server = await serve({ data: folder.path, regions });
  }, 120_000);

  afterAll(async () => {
    held.open();
    await browser.close();
    await server.stop("SIGKILL");
    await told.stop(true);
    for (const endpoint of [eu, us, slow]) endpoint[Symbol.dispose]();
    folder[Symbol.dispose]();
  });

  test("submits by the form and follows the run to its end", async () => {
    held = gate();
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit("/");
    await page.getByRole("link", { name: "Submit a run" }).click();
    await page.getByLabel("URLs").fill(URL_UNDER_TEST);
    for (const region of ["eu-1", "us-1", "slow-1"]) await page.getByLabel(region).check();
    await page.getByLabel("Another runner").fill("titleTest");
    await page.keyboard.press("Enter");
    await page.getByText("Expectations, tags and limits").click();
    await page.getByLabel("Tags").fill("by-hand");
    expect(await page.getByLabel("Request as JSON").innerText()).toContain('"region": "slow-1"');
    await page.getByRole("button", { name: "Submit: 3 results" }).click();

    await dashboard.cell("titleTest", "eu-1", /pass/);
    await dashboard.cell("titleTest", "us-1", /fail/);
    await dashboard.cell("titleTest", "slow-1", /running/);
    await dashboard.shows(/3 jobs: 2 ended, 1 running, 0 queued/);
    held.open();
    await dashboard.cell("titleTest", "slow-1", /pass/);
    await page.getByRole("button", { name: "Rerun failed" }).waitFor();
    await page.getByRole("link", { name: "Runs" }).click();
    await page.getByRole("link", { name: "by-hand" }).waitFor();
    expect(await dashboard.faults()).toEqual([]);
    expect(dashboard.said).toEqual([]);
  }, 120_000);

  test("asks for what a runner takes, by its schema", async () => {
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit("/submit");
    await page.getByLabel("told-1").check();
    await page.getByLabel("bannerTest").check();
    await page.getByLabel("selector (required)").fill("#banner");
    await page.getByLabel("device").selectOption("phone");
    await page.getByLabel("waitMs").fill("500");
    await page.getByLabel("URLs").fill(URL_UNDER_TEST);
    const text = await page.getByLabel("Request as JSON").innerText();
    expect((JSON.parse(text) as { runners: unknown }).runners).toEqual([
      {
        name: "bannerTest",
        region: "told-1",
        input: { url: URL_UNDER_TEST, selector: "#banner", device: "phone", waitMs: 500 },
      },
    ]);
  }, 120_000);

  test("says in the form why a run is not accepted", async () => {
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit("/submit");
    await page.getByRole("button", { name: "Edit as JSON" }).click();
    const text = JSON.stringify(request(["nowhere-1"], { concurency: 3 }));
    await page.getByLabel("Request").first().fill(text);
    await page.getByRole("button", { name: "Submit: 1 result" }).click();
    await dashboard.shows("/concurency");
    await page.getByLabel("Request").first().fill("{");
    await dashboard.shows("This is not valid JSON.");
  }, 120_000);

  test("cancels a run", async () => {
    held = gate();
    const runId = await server.api.submit(request(["slow-1", "eu-1"]));
    await using dashboard = await DashboardPage.open(browser, server.origin);
    await dashboard.visit(`/runs/${runId}`);
    await dashboard.cell("titleTest", "slow-1", /running/);
    await dashboard.page.getByRole("button", { name: "Cancel run" }).click();
    await dashboard.cell("titleTest", "slow-1", /error/);
    await dashboard.cell("titleTest", "eu-1", /pass/);
    expect((await server.api.status(runId)).state).toBe("cancelled");
    held.open();
  }, 120_000);

  test("runs what failed, everything, and a single cell again", async () => {
    const runId = await server.api.submit(request(["eu-1", "us-1"]));
    await server.api.ended(runId);
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    const again = async (press: () => Promise<void>): Promise<string[]> => {
      await dashboard.visit(`/runs/${runId}`);
      await press();
      await page.waitForURL((url) => url.pathname !== `/runs/${runId}`);
      const next = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1) ?? "");
      const { jobs, parentRunId } = await server.api.ended(next);
      expect(parentRunId).toBe(runId);
      return jobs.map(({ region }) => region ?? "");
    };
    const button = (name: string) => page.getByRole("button", { name }).click();
    expect(await again(() => button("Rerun failed"))).toEqual(["us-1"]);
    expect(await again(() => button("Rerun all"))).toEqual(["eu-1", "us-1"]);
    const cell = async (): Promise<void> => {
      await button("titleTest in eu-1");
      await button("Rerun this cell");
    };
    expect(await again(cell)).toEqual(["eu-1"]);
  }, 120_000);

  test("tells of a cell by a link that can be kept, and closes it by the keyboard", async () => {
    const runId = await server.api.submit(request(["eu-1", "us-1"]));
    await server.api.ended(runId);
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit(`/runs/${runId}`);
    await dashboard.cell("titleTest", "eu-1", /pass/);
    await page.getByRole("button", { name: "titleTest in eu-1" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "titleTest us-1" });
    await dialog.getByText("The title is wrong.").waitFor();
    await dialog.getByText('"title": "Store"').waitFor();
    await page.reload();
    await dialog.getByText("The title is wrong.").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.waitForURL(({ search }) => search === "");
  }, 120_000);

  test("shows what differs, causes, times, the request and the reports of a run", async () => {
    const runId = await server.api.submit(request(["eu-1", "us-1"], { tags: ["views"] }));
    await server.api.ended(runId);
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit(`/runs/${runId}`);
    const view = (name: RegExp) => page.getByRole("link", { name }).click();
    await view(/^Comparison/);
    await page.getByRole("cell", { name: '"Store"' }).waitFor();
    await view(/^Causes/);
    await dashboard.shows("The title is wrong.");
    await view(/^Timeline/);
    await page.getByRole("listitem").nth(1).waitFor();
    await view(/^Request/);
    await dashboard.shows('"tags": [');
    await page.getByRole("button", { name: "Edit and submit" }).click();
    await page.getByRole("button", { name: "Submit: 2 results" }).waitFor();
    await page.goBack();
    await view(/^Reports/);
    const href = await page.getByRole("link", { name: "report.xml" }).getAttribute("href");
    expect((await fetch(server.origin + href)).status).toBe(200);
    expect(await dashboard.faults()).toEqual([]);
    expect(dashboard.said).toEqual([]);
  }, 120_000);

  test("lists runs as they come, and narrows them", async () => {
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit("/?tag=watched");
    await dashboard.shows("No run fits");
    const runId = await server.api.submit(request(["eu-1"], { tags: ["watched"] }));
    await page.getByRole("link", { name: runId }).waitFor();
    await page.getByRole("row", { name: /completed/ }).waitFor();
    // What is being typed outlives a list that is drawn anew.
    await page.getByLabel("URL").fill("https://sho");
    const next = await server.api.submit(request(["eu-1"], { tags: ["watched"] }));
    await page.getByRole("link", { name: next }).waitFor();
    expect(await page.getByLabel("URL").inputValue()).toBe("https://sho");
    await page.getByLabel("URL").fill("");
    await page.getByLabel("State").selectOption("failed");
    await dashboard.shows("No run fits");
    await page.getByLabel("State").selectOption("");
    await page.getByLabel("Text").fill(runId.slice(-8));
    await page.getByRole("link", { name: runId }).waitFor();
    await page.getByLabel("Text").fill("no such text");
    await dashboard.shows("No run fits");
  }, 120_000);

  test("shows regions and the history of a cell", async () => {
    const runId = await server.api.submit(request(["us-1"]));
    await server.api.ended(runId);
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit("/regions");
    await page.getByRole("heading", { name: "us-1" }).waitFor();
    await dashboard.visit(`/runs/${runId}`);
    await page.getByRole("button", { name: "titleTest in us-1" }).click();
    await page.getByRole("link", { name: "History" }).last().click();
    await page.getByRole("region", { name: "us-1" }).getByRole("link").last().click();
    await page.waitForURL(`**/runs/${runId}`);
  }, 120_000);

  test("says how far back a text was looked for", async () => {
    const ids: string[] = [];
    for (let nth = 0; nth < 51; nth++) ids.push(await server.api.submit(request(["eu-1"])));
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit(`/?text=${ids[0]}`);
    await dashboard.shows("No run fits");
    await dashboard.shows("is looked for in the newest 50 runs.");
    await page.getByRole("button", { name: "Older runs" }).click();
    await page.getByRole("link", { name: ids[0] ?? "" }).waitFor();
  }, 120_000);

  test("shows the matrix for a view that there is not", async () => {
    const runId = await server.api.submit(request(["eu-1"]));
    await using dashboard = await DashboardPage.open(browser, server.origin);
    await dashboard.visit(`/runs/${runId}?view=nothing`);
    await dashboard.cell("titleTest", "eu-1", /pass/);
  }, 120_000);

  test("says so where a run is not there", async () => {
    await using dashboard = await DashboardPage.open(browser, server.origin);
    await dashboard.visit("/runs/run_nobody");
    await dashboard.shows("There is no such run");
  }, 120_000);
});
