/** File systems of a few megabytes, to be filled: where this machine lets us mount one. */
import { writeFileSync } from "node:fs";

import { temporaryFolder } from "./folder.ts";

function run(...command: string[]): boolean {
  try {
    return Bun.spawnSync(command, { stdio: ["ignore", "ignore", "ignore"] }).exitCode === 0;
  } catch {
    return false;
  }
}

/** Mounts a file system of so many MiB, if this machine lets us. */
export function mountSmall(path: string, megabytes: number): Disposable | undefined {
  const size = `size=${megabytes}m`;
  if (!run("mount", "-t", "tmpfs", "-o", size, "tmpfs", path)) return undefined;
  return { [Symbol.dispose]: () => void run("umount", "-l", path) };
}

export const canMount = ((): boolean => {
  using folder = temporaryFolder();
  using mounted = mountSmall(folder.path, 1);
  return mounted !== undefined;
})();

/** Writes a file that leaves no room for another. */
export function fill(file: string): void {
  try {
    for (;;) writeFileSync(file, Buffer.alloc(64 * 1024), { flag: "a" });
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOSPC") throw error;
  }
}
