/**
 * A real Chromium for tests of pages, cut off from every host but this machine.
 */
import { type Browser, chromium } from "playwright-core";

const CHROMIUM =
  Bun.which("chromium") ?? Bun.which("google-chrome-stable") ?? Bun.which("google-chrome");

/** Whether this machine has a browser; tests that need one are skipped by name otherwise. */
export const hasBrowser = CHROMIUM !== null;

const ARGUMENTS = [
  // The sandbox refuses to start for root, as containers and continuous integration often run.
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

export function openView(size: { width: number; height: number }): Bun.WebView {
  if (CHROMIUM === null) throw new Error("No Chromium on this machine.");
  return new Bun.WebView({
    ...size,
    backend: { type: "chrome", path: CHROMIUM, argv: ARGUMENTS },
  });
}

/** The same browser, for tests that watch its console and its requests. */
export function launchBrowser(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error("No Chromium on this machine.");
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS, timeout: 120_000 });
}

/** Hosts of everything the page has loaded so far. */
export async function loadedHosts(view: Bun.WebView): Promise<string[]> {
  const names = (await view.evaluate(
    "performance.getEntriesByType('resource').map((entry) => entry.name)",
  )) as string[];
  return [...new Set(names.map((name) => new URL(name).host))];
}
