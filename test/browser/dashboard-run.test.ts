/** What the page of a run says of its regions, its cells and the run before; what its form says of input. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { Browser } from "playwright-core";

import { serve, type Serving } from "../e2e/serving.ts";
import { hasBrowser, launchBrowser } from "../support/browser.ts";
import { type Endpoint, gate, pass, startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { DashboardPage } from "./dashboard-page.ts";

const IMAGE =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/** With the sign that turns what follows. */
const TURNING = "a\u202eb";

const INPUT_SCHEMA = {
  type: "object",
  properties: {
    url: { type: "string" },
    follow: { type: "boolean", default: true },
    waitMs: { type: "integer", default: 250 },
    device: { enum: ["desktop", "phone"], default: "phone" },
  },
};

describe.skipIf(!hasBrowser)("the page of a run", () => {
  const folder = temporaryFolder();
  const held = gate();
  let browser: Browser;
  let server: Serving;
  let endpoints: Endpoint[];
  let told: Bun.Server<undefined>;

  beforeAll(async () => {
    browser = await launchBrowser();
    const elsewhere = startEndpoint(({ body }) =>
      Response.json({
        region: "us-1",
        results: body.runners.map(({ name }) => ({
          name,
          status: "fail",
          ...(name === TURNING ? {} : { errorMessage: "The title is wrong." }),
          details: { title: "Store", screenshot: IMAGE },
        })),
      }),
    );
    const slow = startEndpoint(async (received) => {
      await held.opened;
      return pass(received);
    });
    endpoints = [elsewhere, slow, startEndpoint()];
    told = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () =>
        Response.json({ runners: ["titleTest"], inputSchemas: { titleTest: INPUT_SCHEMA } }),
    });
    const [first, second, third] = endpoints.map(({ base }) => base);
    const taught = `http://127.0.0.1:${told.port}/api/runner`;
    const regions = { "eu-1": first, "slow-1": second, "ap-1": third, "told-1": taught };
    server = await serve({ data: folder.path, regions });
  }, 120_000);

  afterAll(async () => {
    held.open();
    await browser.close();
    await server.stop("SIGKILL");
    await told.stop(true);
    for (const endpoint of endpoints) endpoint[Symbol.dispose]();
    folder[Symbol.dispose]();
  });

  const submit = async (regions: readonly string[], name: string, urls = 1): Promise<string> =>
    server.api.submit({
      mode: "remote",
      runners: regions.flatMap((region) =>
        Array.from({ length: urls }, (_, index) => ({
          name,
          region,
          input: { url: `https://shop.example/${index}`, selector: "#banner" },
        })),
      ),
    });

  test("says that a region may be another", async () => {
    const runId = await submit(["eu-1"], "regionTest");
    await server.api.ended(runId);
    await using dashboard = await DashboardPage.open(browser, server.origin);
    await dashboard.visit(`/runs/${runId}`);
    await dashboard.shows('eu-1: The endpoint says it is in region "us-1".');
  }, 120_000);

  test("says how long it has been running", async () => {
    const runId = await submit(["slow-1"], "slowTest");
    await using dashboard = await DashboardPage.open(browser, server.origin);
    await dashboard.visit(`/runs/${runId}`);
    await dashboard.shows(/^for \d+ s$/);
    await dashboard.page.getByRole("button", { name: "Cancel run" }).click();
    await dashboard.shows("was cancelled after");
  }, 120_000);

  test("shows of a cell the reason first, then the picture, then the rest", async () => {
    const runId = await submit(["eu-1"], "orderTest");
    await server.api.ended(runId);
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const cell = { runner: "orderTest", cell: "https://shop.example/0", region: "eu-1" };
    await dashboard.visit(`/runs/${runId}?${new URLSearchParams(cell)}`);
    const dialog = dashboard.page.getByRole("dialog");
    await dialog.getByRole("img").waitFor();
    const text = await dialog.innerText();
    const places = ["The title is wrong.", "\nscreenshot\n", "Details", "Input", "Job"].map(
      (part) => text.indexOf(part),
    );
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(places).not.toContain(-1);
  }, 120_000);

  test("tells once what differs in the same way, and what was before", async () => {
    const runId = await submit(["eu-1", "ap-1"], "differTest", 7);
    await server.api.ended(runId);
    await using dashboard = await DashboardPage.open(browser, server.origin);
    await dashboard.visit(`/runs/${runId}?view=differences`);
    await dashboard.shows("no earlier run asked the same");
    expect(await dashboard.page.getByRole("article").count()).toBe(1);
    await dashboard.shows("and 2 more urls");
    const again = await submit(["eu-1", "ap-1"], "differTest", 7);
    await server.api.ended(again);
    await dashboard.visit(`/runs/${again}?view=differences`);
    await dashboard.shows("Against the run before: 7 still failing, 7 as before.");
  }, 120_000);

  test("gives its request to be edited, and says that secrets are not in it", async () => {
    const runId = await server.api.submit({
      mode: "remote",
      runners: [
        {
          name: "a",
          region: "ap-1",
          input: { url: "https://shop.example/", password: "hunter22" },
        },
      ],
    });
    await server.api.ended(runId);
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit(`/runs/${runId}?view=request`);
    await page.getByRole("button", { name: "Edit and submit" }).click();
    await dashboard.shows("What stands as [redacted] was a secret");
    const text = await page.getByLabel("Request").first().inputValue();
    await page.getByLabel("Request").first().fill(text.replace("[redacted]", "hunter22"));
    await page.getByText("was a secret").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Discard, back to the form" }).click();
    await page.getByRole("button", { name: "Edit as JSON" }).click();
    await page.getByRole("button", { name: "Back to the form", exact: true }).waitFor();
  }, 120_000);

  test("leads from a cause to the red rows of its runner", async () => {
    const runId = await server.api.submit({
      mode: "remote",
      runners: ["eu-1", "ap-1"].flatMap((region) =>
        ["causeTest", "otherTest"].map((name) => ({
          name: region === "eu-1" ? "causeTest" : name,
          region,
          input: { url: "https://shop.example/" },
        })),
      ),
    });
    await server.api.ended(runId);
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit(`/runs/${runId}?view=errors`);
    await page.getByRole("link", { name: "Show in the matrix" }).click();
    await dashboard.cell("causeTest", "eu-1", /fail/);
    await dashboard.shows("1 of 2 rows");
    expect(await page.getByPlaceholder("runner or url").inputValue()).toBe("causeTest");
  }, 120_000);

  test("turns no direction where a name would", async () => {
    const runId = await submit(["eu-1"], TURNING);
    await server.api.ended(runId);
    await using dashboard = await DashboardPage.open(browser, server.origin);
    for (const view of ["", "?view=errors"]) {
      await dashboard.visit(`/runs/${runId}${view}`);
      await dashboard.shows("a·b answered fail");
    }
    await dashboard.visit(`/runs/${runId}`);
    await dashboard.page.getByRole("rowheader").getByText("a·b").waitFor();
  }, 120_000);

  test("is asked for with what a runner takes by default, and with urls as they are meant", async () => {
    await using dashboard = await DashboardPage.open(browser, server.origin);
    const { page } = dashboard;
    await dashboard.visit("/submit");
    await page.getByRole("button", { name: "Submit", exact: true }).waitFor();
    await page.getByLabel("URLs").fill("  https://shop.example/ \n\n https://shop.example/a ");
    await page.getByLabel("told-1").check();
    await page.getByLabel("titleTest").check();
    const follow = page.getByLabel("follow");
    await follow.waitFor();
    expect(await follow.isChecked()).toBe(true);
    expect(await page.getByLabel("waitMs").getAttribute("placeholder")).toBe("250");
    expect(await page.getByLabel("device").innerText()).toContain("phone (default)");
    await follow.uncheck();
    await page.getByRole("button", { name: "Submit: 2 results" }).waitFor();
    const text = await page.getByLabel("Request as JSON").innerText();
    const inputs = (JSON.parse(text) as { runners: { input: object }[] }).runners;
    expect(inputs.map(({ input }) => input)).toEqual([
      { follow: false, url: "https://shop.example/" },
      { follow: false, url: "https://shop.example/a" },
    ]);
    await follow.check();
    expect(await page.getByLabel("Request as JSON").innerText()).not.toContain("follow");
  }, 120_000);
});
