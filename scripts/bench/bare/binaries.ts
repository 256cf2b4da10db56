/** The bare programs that volley is compared with, compiled as volley is. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { firstLine } from "../processes.ts";

const FOLDER = join(import.meta.dir, "..", "..", "..", "dist", "bench");

/** `runs`: two routes on a store. `swagger`: a start, with docs. `empty`: Bun itself. */
export type BareName = "runs" | "swagger" | "empty";

/** Compiles `bare/NAME.ts`; returns its path. */
export function bareBinary(name: BareName): Promise<string> {
  return compile(join(import.meta.dir, `${name}.ts`), `bare-${name}`, {});
}

/**
 * Compiles a program as `scripts/build.ts` does, but for `jitPolicy`, which a program has to end by
 * itself, and for what `more` says.
 */
export async function compile(
  entrypoint: string,
  name: string,
  more: Partial<Bun.BuildConfig>,
): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const outfile = join(FOLDER, name);
  await Bun.build({
    entrypoints: [entrypoint],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    splitting: true,
    ...more,
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  });
  return outfile;
}

export interface BareServer extends AsyncDisposable {
  readonly pid: number;
  readonly origin: string;
}

/** Starts one that prints its origin when it is ready. */
export async function startBare(binary: string, args: readonly string[] = []): Promise<BareServer> {
  const child = Bun.spawn([binary, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const origin = await firstLine(child.stdout);
  if (origin === undefined) throw new Error(`${binary} did not start.`);
  return {
    pid: child.pid,
    origin,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
