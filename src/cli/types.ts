/**
 * volley types: declarations of the modules that runner files may import without installing them.
 *
 * Nothing of the author's is ever written over: only a file that this command wrote before.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { typesConfig } from "../config.ts";
import { StartError } from "../domain/errors.ts";
import { declarations, WRITTEN_BY } from "../runner/sdk/declarations.ts";
import { typesFlags } from "../settings.ts";
import type { Command } from "./command.ts";

const FILE = "runners.d.ts";
const SETTINGS = "tsconfig.json";

/** For a folder without settings of its own, so that an editor finds the declarations at all. */
const TSCONFIG = {
  compilerOptions: {
    target: "ESNext",
    lib: ["ESNext", "DOM", "DOM.Iterable"],
    module: "Preserve",
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
  },
};

export const command: Command = {
  name: "types",
  summary: "write TypeScript declarations for authors of runner files",
  usage: "types [DIR] [flags]",
  about: [
    `Writes DIR/${FILE} (default "."), which declares the modules runners, runners/playwright and`,
    `runners/config, and a ${SETTINGS} if DIR has none. Pages are typed by playwright-core where it`,
    "is installed, else by the part of it that runners use most. zod brings its own types: install it",
    "beside the runner files for them; the files run without. A package of DIR's own is left alone.",
  ].join("\n"),
  flags: typesFlags,
  examples: ["volley types ./checks", "volley types --print > runners.d.ts"],
  run,
};

async function run(argv: readonly string[]): Promise<number> {
  const { dir, print } = typesConfig(argv);
  const folder = resolve(dir);
  const text = declarations({ playwright: isInstalled("playwright-core", folder) });
  if (print) {
    process.stdout.write(text);
    return 0;
  }
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new StartError([`The folder "${dir}" does not exist.`]);
  }
  if (isInstalled("runners", folder)) {
    process.stdout.write(`"${dir}" has a package "runners" of its own, whose types count.\n`);
    return 0;
  }
  write(folder, text);
  return 0;
}

function write(folder: string, text: string): void {
  const path = join(folder, FILE);
  if (existsSync(path) && !readFileSync(path, "utf8").startsWith(WRITTEN_BY)) {
    throw new StartError([`${path} was not written by volley and is left as it is.`]);
  }
  const settings = join(folder, SETTINGS);
  const bare = !existsSync(settings);
  writeFileSync(path, text);
  if (bare) writeFileSync(settings, `${JSON.stringify(TSCONFIG, null, 2)}\n`);
  process.stdout.write(`Wrote ${bare ? `${path} and ${settings}` : path}\n`);
}

function isInstalled(name: string, folder: string): boolean {
  try {
    Bun.resolveSync(name, folder);
    return true;
  } catch {
    return false;
  }
}
