/**
 * The one browser of a runner host: started when a runner first asks for it, kept between jobs,
 * and closed with the host.
 *
 * A browser that ends without having been told to is a crash, and whoever uses it is told.
 */
import type { Browser } from "playwright-core";

import { type RunnerErrorCode, RunnerFault } from "../runner-errors.ts";
import { BROWSER_MISSING, findChrome, isProgram } from "./find-chrome.ts";
import type { BrowserSettings } from "./settings.ts";

/** Nothing of its own on the network, and no shared memory that containers have too little of. */
const QUIET = [
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-dev-shm-usage",
] as const;

const CLOSE_LIMIT_MS = 1_500;

/** Chrome's sandbox refuses to start for root. */
export function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}

export class HostBrowser {
  readonly #crashed: () => void;
  #starting: Promise<Browser> | undefined;
  #started: Browser | undefined;

  /** `crashed`: called when a browser ended on its own. */
  constructor(crashed: () => void) {
    this.#crashed = crashed;
  }

  /** The browser in use, if there is one. */
  get current(): Browser | undefined {
    return this.#started?.isConnected() ? this.#started : undefined;
  }

  /** Starts a browser unless one is there. Throws RunnerFault. */
  async open(settings: BrowserSettings): Promise<Browser> {
    if (this.#started && !this.#started.isConnected()) this.#starting = undefined;
    this.#starting ??= this.#start(settings).catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async close(): Promise<void> {
    const browser = await this.#starting?.catch(() => undefined);
    if (browser) await Promise.race([browser.close(), Bun.sleep(CLOSE_LIMIT_MS)]);
  }

  async #start(settings: BrowserSettings): Promise<Browser> {
    const executablePath = pathOf(settings);
    const root = runsAsRoot();
    // Loaded only here: the library takes a hundred milliseconds, most runners need none of it.
    const { chromium } = await import("playwright-core");
    let browser: Browser;
    try {
      browser = await chromium.launch({
        executablePath,
        args: [...QUIET, ...settings.args],
        chromiumSandbox: !root && !settings.args.includes("--no-sandbox"),
        // The host decides how it ends.
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      });
    } catch (error) {
      const message = launchFault(executablePath, error);
      throw new RunnerFault("browser_failed", message, { cause: error });
    }
    this.#started = browser;
    this.#watch(browser);
    return browser;
  }

  #watch(browser: Browser): void {
    let told = false;
    const close = browser.close.bind(browser);
    browser.close = (options) => {
      told = true;
      return close(options);
    };
    browser.on("disconnected", () => {
      if (!told) this.#crashed();
    });
  }
}

function pathOf({ chrome }: BrowserSettings): string {
  const path = chrome ?? findChrome();
  const code: RunnerErrorCode = "browser_not_found";
  if (path === undefined) throw new RunnerFault(code, BROWSER_MISSING);
  if (isProgram(path)) return path;
  throw new RunnerFault(code, `The browser "${path}" is not there. Check --chrome.`);
}

function launchFault(path: string, error: unknown): string {
  const text = Bun.stripANSI((error as Error).message);
  if (/no usable sandbox|setuid sandbox|namespace/i.test(text)) {
    return `The browser ${path} cannot use its sandbox here. Allow user namespaces, or pass --chrome-args=--no-sandbox.`;
  }
  const said = /\[err\] (.+)/.exec(text)?.[1] ?? text.split("\n")[0] ?? "";
  return `The browser ${path} does not start: ${said.replace(/\.$/, "")}.`;
}
