/**
 * The modules a runner file may import without having installed them: `runners` with its
 * subpaths, and `zod`. They exist in runner hosts only.
 *
 * A copy of the user's wins, whole: a package that is found from the runner's file is never mixed
 * with ours. A registered module cannot be taken back, so a host that met files with and files
 * without a copy is of no use for both.
 */
import { dirname } from "node:path";

import { pathToken } from "./source-plugin.ts";

type Exports = Record<string, unknown>;

/** What the host gives the SDK modules to work with. */
export interface SdkModules {
  readonly runners: Exports;
  readonly playwright: Exports;
  readonly config: Exports;
}

const OFFERED = "runners, runners/playwright, runners/config and zod";

/** Of the SDK, and about servers: a runner host has nothing to do with them. */
const NOT_HERE = [
  "runners/http",
  "runners/orchestrator",
  "runners/nitro",
  "runners/nitro-orchestrator",
  "runners/errors",
  "runners/cli",
] as const;

const ZOD: Readonly<Record<string, () => Promise<Exports>>> = {
  zod: () => import("zod"),
  "zod/v3": () => import("zod/v3"),
  "zod/v4": () => import("zod/v4"),
  "zod/mini": () => import("zod/mini"),
  "zod/v4-mini": () => import("zod/v4-mini"),
  "zod/v4/mini": () => import("zod/v4/mini"),
  "zod/v4/core": () => import("zod/v4/core"),
  "zod/locales": () => import("zod/locales"),
  "zod/v4/locales": () => import("zod/v4/locales"),
};

type Packaged = "runners" | "zod";

export class ModuleRegistry {
  readonly #sdk: SdkModules;
  readonly #registered = new Set<Packaged>();
  readonly #folders = new Map<string, ReadonlySet<Packaged>>();

  constructor(sdk: SdkModules) {
    this.#sdk = sdk;
  }

  /** Offers what the file at `path` finds no copy of. False if this host cannot serve it. */
  offer(path: string): boolean {
    const installed = this.#installed(dirname(path));
    for (const name of installed) if (this.#registered.has(name)) return false;
    for (const name of ["runners", "zod"] as const) {
      if (installed.has(name) || this.#registered.has(name)) continue;
      this.#registered.add(name);
      if (name === "zod") registerZod();
      else registerRunners(this.#sdk);
    }
    return true;
  }

  #installed(folder: string): ReadonlySet<Packaged> {
    const known = this.#folders.get(folder);
    if (known) return known;
    const found = new Set<Packaged>();
    if (resolves("zod", folder)) found.add("zod");
    // The SDK may be installed without an entry of its own.
    if (resolves("runners", folder) || resolves("runners/playwright", folder)) found.add("runners");
    this.#folders.set(folder, found);
    return found;
  }
}

function resolves(name: string, folder: string): boolean {
  try {
    // Once a module is registered, its plain name resolves to itself.
    return Bun.resolveSync(name, folder) !== name;
  } catch {
    return false;
  }
}

function registerZod(): void {
  Bun.plugin({
    name: pathToken("zod"),
    setup: (build) => {
      for (const name of Object.keys(ZOD)) {
        const load = zodLoader(name);
        build.module(name, async () => ({ exports: { ...(await load()) }, loader: "object" }));
      }
    },
  });
}

/** Within the binary a bundled module; from sources a file, as the name will stand for ours. */
function zodLoader(name: string): () => Promise<Exports> {
  const bundled = ZOD[name];
  if (Bun.isStandaloneExecutable && bundled) return bundled;
  const path = Bun.resolveSync(name, import.meta.dir);
  return () => import(path) as Promise<Exports>;
}

function registerRunners({ config, playwright, runners }: SdkModules): void {
  Bun.plugin({
    name: pathToken("runners"),
    setup: (build) => {
      const offer = (name: string, exports: Exports): unknown =>
        build.module(name, () => ({ exports, loader: "object" }));
      offer("runners", runners);
      offer("runners/playwright", playwright);
      offer("runners/config", config);
      for (const name of NOT_HERE) {
        build.module(name, () => {
          throw new Error(`"${name}" is not available in a runner file; ${OFFERED} are.`);
        });
      }
    },
  });
}

/** Why an import failed, with what a file can do about it. */
export function missingModule(specifier: string): string {
  return `it imports "${specifier}", which is not installed. Install it beside the runner files; without installing, ${OFFERED} are there.`;
}
