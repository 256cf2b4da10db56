/**
 * Finds a Chrome or Chromium on this machine: named by the operator, on PATH, or in the places
 * where packages, installers and Playwright put one. The first one found counts.
 */
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome-stable",
  "google-chrome",
  "chrome",
  "microsoft-edge-stable",
  "microsoft-edge",
] as const;

const PLACES: Readonly<Record<string, readonly string[]>> = {
  linux: [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/lib/chromium/chromium",
    "/opt/google/chrome/chrome",
    "/snap/bin/chromium",
  ],
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  ],
  win32: [
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
  ],
};

/** Where `playwright install` keeps its browsers, below the home folder. */
const PLAYWRIGHT_CACHES = [
  ".cache/ms-playwright",
  "Library/Caches/ms-playwright",
  "AppData/Local/ms-playwright",
] as const;
const PLAYWRIGHT_PROGRAMS = [
  "chrome-linux64/chrome",
  "chrome-linux/chrome",
  "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
  "chrome-win/chrome.exe",
] as const;

export const BROWSER_MISSING =
  'No Chrome or Chromium was found on this machine. Install one (Debian and Ubuntu: "apt-get install chromium"; macOS: "brew install --cask google-chrome"; Alpine: "apk add chromium"), or name one with --chrome PATH.';

/** Path of a browser, or undefined if this machine has none in the usual places. */
export function findChrome(): string | undefined {
  for (const name of NAMES) {
    const path = Bun.which(name);
    if (path !== null) return path;
  }
  return [...(PLACES[process.platform] ?? []), ...playwrightBrowsers()].find(isProgram);
}

/** The newest first. */
function playwrightBrowsers(): string[] {
  return PLAYWRIGHT_CACHES.flatMap((cache) => {
    const folder = join(homedir(), cache);
    return chromiumFolders(folder).flatMap((name) =>
      PLAYWRIGHT_PROGRAMS.map((program) => join(folder, name, program)),
    );
  });
}

function chromiumFolders(cache: string): string[] {
  try {
    const names = readdirSync(cache).filter((name) => /^chromium-\d+$/.test(name));
    return names.toSorted((a, b) => revision(b) - revision(a));
  } catch {
    return [];
  }
}

function revision(folder: string): number {
  return Number(folder.slice("chromium-".length));
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
