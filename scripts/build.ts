/**
 * bun run build: dist/volley, one executable for this machine. With --all: one for every platform,
 * as dist/volley-<version>-<target>, their bill of materials (CycloneDX) and SHA256SUMS.
 *
 * The binary reads no `.env` and no `bunfig.toml` from the folder it is started in: a preload
 * named there would be foreign code inside the server.
 */
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";

import { version } from "../package.json" with { type: "json" };
import { sbom } from "./sbom.ts";

const ROOT = join(import.meta.dir, "..");
const DIST = join(ROOT, "dist");

const TARGETS = [
  "linux-x64",
  "linux-arm64",
  "linux-x64-musl",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "windows-x64",
] as const;
type Target = (typeof TARGETS)[number];

/** Builds `dist/volley` for this machine and returns its path. Throws what the build says. */
export function build(): Promise<string> {
  return compile(process.platform === "win32" ? "volley.exe" : "volley");
}

/** Builds every target, what they are made of and the list of checksums; returns the paths. */
async function buildAll(): Promise<string[]> {
  const built: string[] = [];
  for (const target of TARGETS) {
    const suffix = target.startsWith("windows") ? ".exe" : "";
    built.push(await compile(`volley-${version}-${target}${suffix}`, target));
  }
  const bill = join(DIST, `volley-${version}.cdx.json`);
  await Bun.write(bill, await sbom());
  built.push(bill);
  const sums = await Promise.all(
    built.map(async (path) => `${await sha256(path)}  ${basename(path)}\n`),
  );
  const list = join(DIST, "SHA256SUMS");
  await Bun.write(list, sums.join(""));
  return [...built, list];
}

async function compile(name: string, target?: Target): Promise<string> {
  await mkdir(DIST, { recursive: true });
  // Built aside and moved: a running binary is not overwritten, a half-written one never seen.
  const unfinished = await mkdtemp(join(DIST, ".unfinished-"));
  try {
    await Bun.build({
      entrypoints: [join(ROOT, "src", "main.ts")],
      target: "bun",
      format: "esm",
      minify: true,
      bytecode: true,
      // A runner host starts without loading what only a server needs.
      splitting: true,
      sourcemap: "linked",
      compile: {
        ...(target === undefined ? {} : { target: `bun-${target}` as const }),
        outfile: join(unfinished, name),
        autoloadDotenv: false,
        autoloadBunfig: false,
        // Runner files import packages of their own folder, whose package.json says where they are.
        autoloadPackageJson: true,
        autoloadTsconfig: true,
        // What a start runs, it runs once: compiling it takes longer. src/main.ts ends this.
        jitPolicy: 8,
      },
    });
    // The maps beside it are inside the binary, too; stack traces need no copies.
    const outfile = join(DIST, name);
    await rename(join(unfinished, name), outfile);
    return outfile;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function sha256(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) hasher.update(chunk);
  return hasher.digest("hex");
}

if (import.meta.main) {
  const [flag, ...rest] = process.argv.slice(2);
  if (rest.length > 0 || (flag !== undefined && flag !== "--all")) {
    console.error("Usage: bun run build [--all]");
    process.exitCode = 2;
  } else {
    for (const path of flag === "--all" ? await buildAll() : [await build()]) {
      console.log(`dist/${basename(path)} (${(Bun.file(path).size / 1e6).toFixed(1)} MB)`);
    }
  }
}
