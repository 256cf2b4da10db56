/**
 * The compiled binary, built when it is missing or older than its sources. Several test processes
 * may build at once: each moves a finished file into place.
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

import { Glob } from "bun";

import { build } from "../../scripts/build.ts";

const ROOT = join(import.meta.dir, "..", "..");
const BINARY = join(ROOT, "dist", "volley");

let ready: Promise<string> | undefined;

/** Path of an up-to-date `dist/volley`. */
export function binary(): Promise<string> {
  return (ready ??= isCurrent() ? Promise.resolve(BINARY) : build());
}

function isCurrent(): boolean {
  if (!existsSync(BINARY)) return false;
  const built = statSync(BINARY).mtimeMs;
  const sources = [...new Glob("src/**/*").scanSync(ROOT), "package.json", "scripts/build.ts"];
  return sources.every((file) => statSync(join(ROOT, file)).mtimeMs < built);
}
