/** The dashboard in a real Chromium, which tells of everything that a page should never do. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

import { eventually } from "../support/eventually.ts";

/** Kept in the page itself, so that nothing is missed before somebody listens. */
const COLLECT_VIOLATIONS = `
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    window.violations.push(event.violatedDirective + " " + event.blockedURI);
  });
`;

export class DashboardPage implements AsyncDisposable {
  readonly page: Page;
  /** What the console, a thrown error or a dialog said. */
  readonly said: string[] = [];
  /** Urls of everything that was asked for. */
  readonly asked: string[] = [];
  readonly #origin: string;

  private constructor(page: Page, origin: string) {
    this.page = page;
    this.#origin = origin;
    page.setDefaultTimeout(60_000);
    page.on("console", (message) => this.said.push(message.text()));
    page.on("pageerror", (error) => this.said.push(String(error)));
    page.on("dialog", (dialog) => {
      this.said.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => this.asked.push(request.url()));
  }

  static async open(
    browser: Browser,
    origin: string,
    options: BrowserContextOptions = {},
  ): Promise<DashboardPage> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    await context.addInitScript(COLLECT_VIOLATIONS);
    return new DashboardPage(await context.newPage(), origin);
  }

  /** `path` counts from the server's root. */
  async visit(path: string): Promise<void> {
    await this.page.goto(this.#origin + path);
  }

  /** Visits a path and resolves once nothing of it is loading any more. */
  async settle(path: string): Promise<void> {
    await this.visit(path);
    await eventually(`${path} is complete`, async () => {
      const loading = await this.page.locator(".spinner").count();
      return loading === 0 && (await this.page.locator("main h1").count()) > 0;
    });
  }

  /** Resolves once such a text is shown. */
  async shows(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /** Resolves once a cell of the matrix says so. */
  async cell(runner: string, region: string, words: RegExp): Promise<void> {
    const name = new RegExp(`^${runner} in ${region}: ${words.source}`);
    await this.page.getByRole("button", { name }).first().waitFor();
  }

  /** Everything that went wrong: violations of the policy, requests to other hosts. */
  async faults(): Promise<string[]> {
    const violations = (await this.page.evaluate("window.violations")) as string[];
    const foreign = this.asked.filter(
      (url) => !url.startsWith(`${this.#origin}/`) && !url.startsWith("data:"),
    );
    return [...violations, ...foreign];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
