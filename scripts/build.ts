/**
 * bun run build: dist/volley, one executable for this machine.
 *
 * The binary reads no `.env` and no `bunfig.toml` from the folder it is started in: a preload
 * named there would be foreign code inside the server.
 */
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");

/** Builds `dist/volley` and returns its path. Throws with the build's messages when it fails. */
export async function build(): Promise<string> {
  const name = process.platform === "win32" ? "volley.exe" : "volley";
  const outfile = join(ROOT, "dist", name);
  // Built aside and moved: a running binary is not overwritten, a half-written one never seen.
  const unfinished = join(ROOT, "dist", `.unfinished-${process.pid}-${name}`);
  await mkdir(join(ROOT, "dist"), { recursive: true });
  await Bun.build({
    entrypoints: [join(ROOT, "src", "main.ts")],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    sourcemap: "linked",
    compile: {
      outfile: unfinished,
      autoloadDotenv: false,
      autoloadBunfig: false,
      // Runner files import packages of their own folder, whose package.json says where they are.
      autoloadPackageJson: true,
      autoloadTsconfig: true,
    },
  });
  // The map is inside the binary, too; stack traces do not need this copy.
  await rm(`${unfinished}.map`, { force: true });
  await rename(unfinished, outfile);
  return outfile;
}

if (import.meta.main) {
  const outfile = await build();
  const megabytes = (Bun.file(outfile).size / 1e6).toFixed(0);
  console.log(`dist/${outfile.split(/[/\\]/).at(-1)} (${megabytes} MB)`);
}
