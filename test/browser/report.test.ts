/**
 * The HTML report in a real browser, as the server answers it and as a file: styled, without a
 * violation of its own policy, and with nothing run or loaded, whatever the runners said.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Browser, BrowserContextOptions, Page } from "playwright-core";

import { FORMATS } from "../../src/report/formats.ts";
import { ENDED, sourceOf, written } from "../report/fixture.ts";
import { CORPUS, hostileRun } from "../report/hostile.ts";
import { hasBrowser, launchBrowser } from "../support/browser.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Api, start } from "../support/process.ts";

/** A page, and what it told the console, asked of a network, and popped up. */
class Watched implements AsyncDisposable {
  readonly page: Page;
  readonly said: string[] = [];
  readonly asked: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => this.said.push(message.text()));
    page.on("pageerror", (error) => this.said.push(String(error)));
    page.on("dialog", (dialog) => {
      this.said.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => this.asked.push(request.url()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}

function background(page: Page, selector: string): Promise<string> {
  const element = page.locator(selector).first();
  return element.evaluate((element) => getComputedStyle(element).backgroundColor);
}

const unfold = (page: Page): Promise<unknown> =>
  page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");

describe.skipIf(!hasBrowser)("the HTML report in a browser", () => {
  const folder = temporaryFolder();
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    folder[Symbol.dispose]();
  });

  async function opened(options: BrowserContextOptions = {}): Promise<Watched> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    return new Watched(await context.newPage());
  }

  /** The report as a file that somebody saved. */
  async function saved(run = ENDED): Promise<string> {
    const path = join(folder.path, `${run.runId}.html`);
    await Bun.write(path, await written(FORMATS.html.write(sourceOf(run))));
    return pathToFileURL(path).href;
  }

  test("as the server answers it runs and loads nothing of what runners say", async () => {
    using endpoint = startEndpoint(({ body }) =>
      Response.json({
        results: body.runners.map(({ name }, index) => ({
          name,
          status: (["pass", "fail", "error"] as const)[index % 3],
          details: { [name]: name, screenshot: name },
          errorMessage: name,
        })),
      }),
    );
    using data = temporaryFolder();
    await using server = await start({
      args: ["serve", "--port", "0", "--data", data.path],
      env: { PLAYWRIGHT_RUNNERS: JSON.stringify({ eu: endpoint.base }) },
    });
    const api = new Api(server.origin);
    const names = CORPUS.filter(
      (name) => name.length <= 128 && !/[\u0000-\u001f\u007f-\u009f]/.test(name),
    );
    const runId = await api.submit({
      mode: "remote",
      runners: names.map((name) => ({
        name,
        region: "eu",
        input: { url: "https://shop.example/" },
      })),
    });
    await api.ended(runId);

    await using watched = await opened();
    const { asked, page, said } = watched;
    const url = `${api.base}/${runId}/report.html`;
    await page.goto(url);
    expect(await page.locator("tbody tr").count()).toBe(names.length);
    expect(await page.locator('section:has(h2:text-is("Results")) > details').count()).toBe(
      names.length,
    );
    await unfold(page);
    expect(await background(page, "td.fail")).toBe("rgb(253, 234, 232)");
    expect(said).toEqual([]);
    expect(asked.filter((asked) => !asked.startsWith("data:"))).toEqual([url]);
  }, 120_000);

  test("as a file runs and loads nothing, and is styled under its own policy", async () => {
    await using watched = await opened({ colorScheme: "dark" });
    const { asked, page, said } = watched;
    const url = await saved(hostileRun());
    await page.goto(url);
    await unfold(page);
    expect(await background(page, "td.fail")).toBe("rgb(61, 26, 23)");
    expect(said).toEqual([]);
    expect(asked.filter((asked) => !asked.startsWith("data:"))).toEqual([url]);
  }, 120_000);

  test("opens a result from its cell, without a script", async () => {
    await using watched = await opened({ javaScriptEnabled: false });
    const { page } = watched;
    await page.goto(await saved());
    const details = page.locator("#red-0");
    expect(await details.isVisible()).toBeFalse();
    await page.locator("td.fail a").first().click();
    await details.waitFor({ state: "visible" });
    expect(await details.locator("img").isVisible()).toBeTrue();
  }, 120_000);

  test.each([360, 768, 1280])(
    "is not wider than a window of %d pixels",
    async (width) => {
      await using watched = await opened({ viewport: { width, height: 800 } });
      const { page } = watched;
      for (const run of [ENDED, hostileRun()]) {
        await page.goto(await saved(run));
        await unfold(page);
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      }
    },
    120_000,
  );

  test("prints what is folded on the screen", async () => {
    await using watched = await opened();
    const { page } = watched;
    await page.goto(await saved());
    expect(await page.locator("#red-0").isVisible()).toBeFalse();
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("#red-0").isVisible()).toBeTrue();
  }, 120_000);

  test.each(["light", "dark"] as const)(
    "has enough contrast everywhere in the %s",
    async (colorScheme) => {
      await using watched = await opened({ colorScheme });
      const { page } = watched;
      await page.goto(await saved());
      await unfold(page);
      expect(await page.evaluate(FAINT)).toEqual([]);
    },
    120_000,
  );
});

/** Elements with text of their own whose contrast to their background is below WCAG's AA, 4.5. */
const FAINT = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = channels(color).map((value) => value / 255)
      .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (channels(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const texts = [...document.body.querySelectorAll("*")].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ""));
  if (texts.length < 50) return ["too few elements"];
  return texts.flatMap((element) => {
    const pair = [luminance(getComputedStyle(element).color), luminance(backgroundOf(element))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    return ratio < 4.5 ? [element.tagName + " " + element.className + " " + ratio.toFixed(2)] : [];
  });
})()`;
