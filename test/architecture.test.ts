/**
 * The direction of imports and the places of effects, as the code has them. Types count as
 * imports, too: a layer that knows another's types knows that layer.
 */
import { describe, expect, test } from "bun:test";
import { dirname, join } from "node:path";

import { Glob } from "bun";

const ROOT = join(import.meta.dir, "..");

/** Files below src/ that compose the rest, and folders whose files do. */
const ROOT_FILES = ["handler.ts", "config.ts", "request-cap.ts", "settings.ts", "main.ts"];
const COMPOSING = "cli";

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  domain: ["lib"],
  report: ["domain", "lib"],
  client: ["domain", "lib"],
  web: ["client", "report", "domain", "lib"],
  runner: ["domain", "lib"],
  store: ["domain", "lib"],
  dispatch: ["runner", "domain", "lib"],
  callbacks: ["store", "dispatch", "domain", "lib"],
  orchestrator: ["store", "dispatch", "domain", "lib"],
  mock: ["http", "domain", "lib"],
  http: ["orchestrator", "report", "web", "runner", "store", "domain", "lib"],
};
/** `layer -> target` where only types may be imported. */
const TYPES_ONLY = new Set([
  "orchestrator -> dispatch",
  "orchestrator -> store",
  "http -> store",
  "callbacks -> store",
  // A browser would have to load the schemas, too.
  "web -> domain",
]);
/** The core knows the store's contract, not one store. */
const CONTRACT_ONLY = new Map([["orchestrator -> store", ["store/store.ts", "store/answered.ts"]]]);

interface Source {
  /** Path below src/. */
  readonly path: string;
  /** The code without its comments. */
  readonly code: string;
}

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

const sources: readonly Source[] = await Promise.all(
  [...new Glob("**/*.{ts,tsx}").scanSync(join(ROOT, "src"))].toSorted().map(async (path) => ({
    path,
    code: withoutComments(await Bun.file(join(ROOT, "src", path)).text()),
  })),
);

/** Line comments are only dropped where they start a line or follow a space: `http://` stays. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** Every relative import of a file, static or dynamic, as a path below src/. */
function imports({ path, code }: Source): Import[] {
  const found: Import[] = [];
  const patterns =
    /(?:\b(?:import|export)\s+(type\b)?[^;"]*?\bfrom\s*|\bimport\s*\(?\s*)"(\.[^"]+)"/g;
  for (const [, type, target = ""] of code.matchAll(patterns)) {
    found.push({ target: join(dirname(path), target), typeOnly: type !== undefined });
  }
  return found;
}

function importsOf(path: string): string[] {
  return imports(sources.find((source) => source.path === path)!).map(({ target }) => target);
}

const layerOf = (path: string): string => path.split("/")[0] ?? "";

const isCore = (path: string): boolean => ["lib", "domain", "orchestrator"].includes(layerOf(path));

function fault(from: string, { target, typeOnly }: Import): string | undefined {
  // package.json, for the version.
  if (target.startsWith("..")) return target === "../package.json" ? undefined : "leaves src";
  const layer = layerOf(from);
  const other = layerOf(target);
  if (layer === other) return undefined;
  const allowed = MAY_IMPORT[layer];
  if (!allowed) return "is of no known layer";
  if (!allowed.includes(other)) return "points upward";
  const edge = `${layer} -> ${other}`;
  if (TYPES_ONLY.has(edge) && !typeOnly) return "may import types only";
  const contract = CONTRACT_ONLY.get(edge);
  return contract && !contract.includes(target) ? "may import the contract only" : undefined;
}

/** Files that match, apart from those that may. */
function matching(pattern: RegExp, among: (path: string) => boolean, allowed: string): string[] {
  const files = sources.filter(({ path, code }) => among(path) && pattern.test(code));
  return files.map(({ path }) => path).filter((path) => path !== allowed);
}

const PROCESS_ENV = /\b(process|Bun|import\.meta)\s*(\?\.|\.)\s*env\b|\["env"\]/;
const PROCESS_EXIT = /\bprocess\s*(\?\.|\.)\s*(exit|reallyExit|abort)\b/;
const TIME = new RegExp(
  [
    /\bset(Timeout|Interval)\b/,
    /\bAbortSignal\.timeout\b/,
    /\bBun\.(sleep|sleepSync|nanoseconds|cron)\b/,
    /\bDate\.now\b|\bnew Date\(\)/,
    /\bperformance\.now\b|\bhrtime\b/,
    /"(node:)?timers(\/promises)?"/,
  ]
    .map(({ source }) => source)
    .join("|"),
);

describe("architecture", () => {
  test("every import points downward", () => {
    const faults = sources
      .filter(({ path }) => !ROOT_FILES.includes(path) && layerOf(path) !== COMPOSING)
      .flatMap((source) =>
        imports(source).flatMap((target) => {
          const why = fault(source.path, target);
          return why === undefined ? [] : [`${source.path} -> ${target.target} ${why}`];
        }),
      );
    expect(faults).toEqual([]);
  });

  test("imports are seen at all", () => {
    expect(importsOf("orchestrator/orchestrator.ts")).toContain("store/store.ts");
    expect(importsOf("store/sqlite/open.ts")).toContain(
      "store/sqlite/migrations/0001-runs-and-jobs.sql",
    );
    expect(importsOf("cli/commands.ts")).toContain("cli/serve.ts");
  });

  test("only config.ts reads the environment, and what runs before it", () => {
    expect(matching(PROCESS_ENV, () => true, "")).toEqual(["config.ts", "request-cap.ts"]);
  });

  test("only main.ts ends the process", () => {
    expect(matching(PROCESS_EXIT, () => true, "")).toEqual(["main.ts"]);
  });

  test("the core takes its time from the clock alone", () => {
    expect(matching(TIME, isCore, "")).toEqual(["lib/clock.ts"]);
  });
});
