/**
 * What one runner does with the browser: a context of its own, the pages in it, and what can be
 * said of them when the runner did not pass.
 *
 * Nothing of a visit outlives it: no page, no cookie, no context the runner made itself.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";

import {
  type Evidence,
  MAX_CONSOLE_ERROR,
  MAX_CONSOLE_ERRORS,
  MAX_SCREENSHOT,
} from "../evidence.ts";
import { RunnerFault } from "../runner-errors.ts";
import type { HostBrowser } from "./host-browser.ts";
import { AT_REST, navigationFault, restlessFault } from "./navigation.ts";
import type { BrowserSettings } from "./settings.ts";

export interface VisitOptions {
  readonly browser: HostBrowser;
  readonly settings: BrowserSettings;
  /** When the runner's time is over, on the clock of `performance.now`. */
  readonly deadline: () => number;
  /** Called when the runner first asks for the browser. */
  readonly begun: () => void;
  /** Called when the page's process has crashed. */
  readonly crashed: () => void;
}

export interface Opened {
  readonly page: Page;
  readonly url: string;
  readonly browser: Browser;
  readonly context: BrowserContext;
}

/** Playwright's own limit of one navigation. */
const NAVIGATION_LIMIT_MS = 30_000;
/** Kept of the runner's time, so that a page that never rests is named instead of cut off. */
const RESERVE_MS = 250;
const PICTURE_LIMIT_MS = 1_500;
const CLOSE_LIMIT_MS = 1_500;
/** Tried in this order until the picture is small enough. */
const QUALITIES = [60, 20] as const;

export class Visit {
  readonly #options: VisitOptions;
  readonly #consoleErrors: string[] = [];
  #context: Promise<BrowserContext> | undefined;
  #begun = false;
  #ended = false;
  #left = false;

  constructor(options: VisitOptions) {
    this.#options = options;
  }

  /** Whether the runner asked for the browser. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether its pages were closed, so that operations nobody waits for may fail. */
  get closing(): boolean {
    return this.#ended || this.#left;
  }

  /** A new page at `url`, once it has come to rest. Throws RunnerFault. */
  async open(url: string): Promise<Opened> {
    if (typeof url !== "string" || url === "") {
      throw new TypeError(`withPlaywright needs the url of a page, not ${Bun.inspect(url)}.`);
    }
    if (!this.#begun) this.#options.begun();
    this.#begun = true;
    this.#context ??= this.#enter();
    const context = await this.#context;
    const page = await context.newPage();
    page.on("crash", () => this.#options.crashed());
    await this.#go(page, url);
    const browser = context.browser();
    if (!browser) throw new RunnerFault("browser_crashed", "The browser is gone.");
    return { page, url, browser, context };
  }

  async #go(page: Page, url: string): Promise<void> {
    const left = this.#options.deadline() - performance.now() - RESERVE_MS;
    const timeout = Math.round(Math.min(NAVIGATION_LIMIT_MS, Math.max(1, left)));
    try {
      await page.goto(url, { waitUntil: AT_REST, timeout });
    } catch (error) {
      if ((error as Error).name === "TimeoutError") throw restlessFault(url, timeout, error);
      throw navigationFault(error) ?? error;
    }
  }

  /** Closes the runner's pages; what it opens later is new. */
  async leave(): Promise<void> {
    const entered = this.#context;
    this.#context = undefined;
    this.#left = true;
    await (await entered?.catch(() => undefined))?.close();
  }

  /** What the last page looks like. Never rejects. */
  async evidence(): Promise<Evidence | undefined> {
    if (!this.begun || !this.#options.settings.screenshots) return undefined;
    const context = await this.#context?.catch(() => undefined);
    const page = context?.pages().findLast((one) => !one.isClosed());
    const screenshot = page && (await picture(page));
    const consoleErrors = this.#consoleErrors;
    if (screenshot === undefined && consoleErrors.length === 0) return undefined;
    return {
      ...(screenshot === undefined ? {} : { screenshot }),
      ...(consoleErrors.length === 0 ? {} : { consoleErrors }),
    };
  }

  /** Ends the visit. False if the browser did not obey in time and must not be used again. */
  async end(): Promise<boolean> {
    this.#ended = true;
    const browser = this.#options.browser.current;
    if (!browser) return true;
    const closed = Promise.all(browser.contexts().map((context) => context.close())).then(
      () => true,
      () => false,
    );
    return Promise.race([closed, Bun.sleep(CLOSE_LIMIT_MS).then(() => false)]);
  }

  async #enter(): Promise<BrowserContext> {
    const { browser, settings } = this.#options;
    const context = await (await browser.open(settings)).newContext();
    context.on("console", (message) => {
      if (message.type() === "error") this.#note(message.text());
    });
    context.on("weberror", (event) => this.#note(String(event.error())));
    return context;
  }

  #note(text: string): void {
    this.#consoleErrors.push(text.slice(0, MAX_CONSOLE_ERROR));
    if (this.#consoleErrors.length > MAX_CONSOLE_ERRORS) this.#consoleErrors.shift();
  }
}

/** The viewport as a `data:` URL, unless it is too large or the page does not answer. */
async function picture(page: Page): Promise<string | undefined> {
  const end = performance.now() + PICTURE_LIMIT_MS;
  for (const quality of QUALITIES) {
    const timeout = Math.max(1, end - performance.now());
    const bytes = await page.screenshot({ type: "jpeg", quality, timeout }).catch(() => undefined);
    if (!bytes) return undefined;
    const url = `data:image/jpeg;base64,${bytes.toString("base64")}`;
    if (url.length <= MAX_SCREENSHOT) return url;
  }
  return undefined;
}
