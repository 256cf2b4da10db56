import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { temporaryFolder } from "../support/folder.ts";
import { openPool } from "./harness.ts";

function runner(name: string, imports: string, details: string): string {
  return `${imports}
    export async function ${name}() {
      "use runner";
      return { name: "${name}", status: "pass", details: ${details} };
    }`;
}

async function execute(files: Readonly<Record<string, string>>, names: readonly string[]) {
  using folder = temporaryFolder();
  for (const [file, text] of Object.entries(files)) {
    const path = join(folder.path, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  await using opened = await openPool({ dir: folder.path });
  const results = await opened.run(names);
  for (const { errorMessage } of results) expect(errorMessage ?? "").not.toContain(folder.path);
  return results;
}

const OWN_ZOD = {
  "package.json": `{ "name": "zod", "version": "9.9.9", "exports": { ".": "./lib/own.js" } }`,
  "lib/own.js": `export const z = "the user's own";`,
};

function installed(folder: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(OWN_ZOD).map(([file, text]) => [`${folder}/node_modules/zod/${file}`, text]),
  );
}

describe("modules inside the binary", () => {
  test.each([
    ["zod", "z.object", 'import { z } from "zod";'],
    ["zod", "z.default.object", 'import * as z from "zod";'],
    ["zod/v3", "z.object", 'import { z } from "zod/v3";'],
    ["zod/v4", "z.object", 'import z from "zod/v4";'],
    ["zod/mini", "z.object", 'import * as z from "zod/mini";'],
    ["zod/v4-mini", "z.object", 'import * as z from "zod/v4-mini";'],
    ["zod/v4/mini", "z.object", 'import * as z from "zod/v4/mini";'],
    ["zod/v4/core", "z.parse", 'import * as z from "zod/v4/core";'],
    ["zod/locales", "z.de", 'import * as z from "zod/locales";'],
    ["runners", "z", 'import { runRunners as z } from "runners";'],
    ["runners/playwright", "z", 'import { withPlaywright as z } from "runners/playwright";'],
    ["runners/config", "z", 'import { defineConfig as z } from "runners/config";'],
  ])("%s is there without being installed: %s", async (_name, value, imports) => {
    const [result] = await execute({ "a.ts": runner("a", imports, `typeof ${value}`) }, ["a"]);
    expect(result).toMatchObject({ status: "pass", details: "function" });
  });

  test("a copy of the user's wins, also from a folder above and for its subpaths", async () => {
    const files = {
      ...installed("."),
      "deep/a.ts": runner("a", `import { z } from "zod";`, "z"),
      "deep/b.ts": runner("b", `import { z } from "zod/v4";`, "z"),
    };
    const [own, missing] = await execute(files, ["a", "b"]);
    expect(own).toMatchObject({ status: "pass", details: "the user's own" });
    expect(missing).toMatchObject({ status: "error", errorCode: "cannot_load" });
  });

  test("files with and without a copy are both served, each as it should be", async () => {
    const files = {
      ...installed("with"),
      "with/a.ts": runner("a", `import { z } from "zod";`, "typeof z"),
      "without/b.ts": runner("b", `import { z } from "zod";`, "typeof z"),
    };
    const results = await execute(files, ["b", "a", "b"]);
    expect(results.map(({ details }) => details)).toEqual(["object", "string", "object"]);
  });

  test.each(["runners/http", "runners/orchestrator", "runners/nitro"])(
    "%s says that it has no place in a runner file",
    async (name) => {
      const file = runner("a", `import * as z from "${name}";`, "typeof z");
      const [result] = await execute({ "a.ts": file }, ["a"]);
      expect(result).toMatchObject({
        status: "error",
        errorCode: "cannot_load",
        errorMessage: `Cannot load a.ts: "${name}" is not available in a runner file; runners, runners/playwright, runners/config and zod are.`,
      });
    },
  );

  test("a package that is not installed is named, with what to do", async () => {
    const file = runner("a", `import chalk from "chalk";`, "chalk");
    const [result] = await execute({ "a.ts": file }, ["a"]);
    expect(result).toMatchObject({
      errorCode: "cannot_load",
      errorMessage:
        'Cannot load a.ts: it imports "chalk", which is not installed. Install it beside the runner files; without installing, runners, runners/playwright, runners/config and zod are there.',
    });
  });

  test("an export that is no function any more is named", async () => {
    const file = `export let a: unknown = async () => { "use runner"; };\na = 5;`;
    const [result] = await execute({ "a.ts": file }, ["a"]);
    expect(result).toMatchObject({
      errorCode: "not_a_function",
      errorMessage: '"a" of a.ts is not a function.',
    });
  });

  test("types of modules that are not there hurt nobody", async () => {
    const imports = `import type { Page } from "playwright"; import type { X } from "nowhere";`;
    const [result] = await execute({ "a.ts": runner("a", imports, "1") }, ["a"]);
    expect(result?.details).toBe(1);
  });

  test("withPlaywright outside of a runner says so", async () => {
    const imports = `import { withPlaywright } from "runners/playwright";
      const early = await withPlaywright({}, "http://127.0.0.1/").catch((error) => error.message);`;
    const [result] = await execute({ "a.ts": runner("a", imports, "early") }, ["a"]);
    expect(result?.details).toBe("withPlaywright was called outside of a runner.");
  });
});
