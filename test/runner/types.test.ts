import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import type * as compact from "volley/page";

import { temporaryFolder } from "../support/folder.ts";

const ROOT = join(import.meta.dir, "..", "..");
const MAIN = join(ROOT, "src", "main.ts");

function types(...args: readonly string[]) {
  const { exitCode, stderr, stdout } = Bun.spawnSync([process.execPath, MAIN, "types", ...args]);
  return { exitCode, stderr: stderr.toString(), stdout: stdout.toString() };
}

/** Type faults of the TypeScript files in a folder, with its own settings. */
function faults(folder: string): string {
  const { stderr, stdout } = Bun.spawnSync([process.execPath, "check", "--no-script"], {
    cwd: folder,
  });
  return `${stdout}${stderr}`;
}

describe("volley types", () => {
  test("gives an editor what the example files need, in a folder without node_modules", () => {
    using folder = temporaryFolder();
    expect(types(folder.path)).toMatchObject({ exitCode: 0, stderr: "" });
    const code = `import type { Runner } from "runners";
      import { withPlaywright } from "runners/playwright";
      export const good: Runner<{ url: string }> = async (ctx, input) => {
        "use runner";
        const { page, region } = await withPlaywright(ctx, input.url);
        return { name: "a", status: (await page.title()) ? "pass" : "fail", details: region };
      };`;
    writeFileSync(join(folder.path, "good.ts"), code);
    expect(faults(folder.path)).toContain("No type errors");
    writeFileSync(join(folder.path, "bad.ts"), code.replace("input.url", "input.uri"));
    expect(faults(folder.path)).toMatch(/bad\.ts\(5,\d+\): error TS2\d+: .*'uri'/);
  });

  test("types pages in full where playwright-core is installed", () => {
    using folder = temporaryFolder();
    const installed = join(folder.path, "node_modules", "playwright-core");
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, "index.js"), "");
    types(folder.path);
    const text = readFileSync(join(folder.path, "runners.d.ts"), "utf8");
    expect(text).toContain('from "playwright-core"');
    expect(text).not.toContain('"volley/page"');
  });

  test("writes over its own file and settings of nobody", () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "runners.d.ts");
    const settings = join(folder.path, "tsconfig.json");
    writeFileSync(settings, "{}");
    expect(types(folder.path).stdout).toBe(`Wrote ${file}\n`);
    expect(types(folder.path).exitCode).toBe(0);
    expect(readFileSync(settings, "utf8")).toBe("{}");
    writeFileSync(file, "export {};");
    expect(types(folder.path)).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: `volley: ${file} was not written by volley and is left as it is.\n`,
    });
    expect(readFileSync(file, "utf8")).toBe("export {};");
  });

  test("leaves a folder alone that has a copy of the SDK", () => {
    using folder = temporaryFolder();
    const installed = join(folder.path, "node_modules", "runners");
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, "index.js"), "");
    expect(types(folder.path).stdout).toContain('has a package "runners" of its own');
    expect(existsSync(join(folder.path, "runners.d.ts"))).toBe(false);
  });

  test("prints, and refuses a folder that is not there", () => {
    expect(types("--print").stdout).toContain('declare module "runners/playwright"');
    expect(types("/nonexistent/folder")).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: 'volley: The folder "/nonexistent/folder" does not exist.\n',
    });
  });
});

/** What is written down of Playwright must be true of it: the compiler checks it. */
const browsing: {
  page: (real: Page) => compact.Page;
  locator: (real: Locator) => compact.Locator;
  context: (real: BrowserContext) => compact.BrowserContext;
  browser: (real: Browser) => compact.Browser;
} = {
  page: (real) => real,
  locator: (real) => real,
  context: (real) => real,
  browser: (real) => real,
};

test("the compact types describe a part of Playwright's", () => {
  expect(Object.keys(browsing)).toEqual(["page", "locator", "context", "browser"]);
});
