/**
 * The folder for temporary files of one runner host: browser profiles, downloads, whatever its
 * runners write. It goes with the host; what a killed server left is removed by the next one.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "volley-host-";

export class HostFolder {
  readonly path: string;

  /** `parent`: the system's folder for temporary files if there is none. */
  constructor(parent = tmpdir()) {
    this.path = mkdtempSync(join(parent, `${PREFIX}${namespace()}-${process.pid}-`));
  }

  /** Removes it. `withBrowser`: a browser may still be using it and is ended. Never rejects. */
  async clear(withBrowser: boolean): Promise<void> {
    if (withBrowser) endProcessesOf(this.path);
    await remove(this.path);
  }
}

/** Removes what servers left that did not end by themselves. */
export async function sweepHostFolders(parent = tmpdir()): Promise<void> {
  const mine = `${PREFIX}${namespace()}-`;
  for (const name of list(parent)) {
    if (!name.startsWith(mine)) continue;
    const pid = Number(name.slice(mine.length).split("-")[0]);
    if (Number.isInteger(pid) && pid > 0 && !isAlive(pid)) await remove(join(parent, name));
  }
}

/**
 * Ends every process whose command line names the folder: a browser has a process group of its
 * own, and otherwise notices only after a second or two that its host is gone.
 */
function endProcessesOf(folder: string): void {
  if (process.platform !== "linux") return;
  for (const pid of list("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder)) continue;
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended while we looked.
    }
  }
}

async function remove(path: string): Promise<void> {
  // Only now: a server without runners starts without it.
  const { rm } = await import("node:fs/promises");
  // Again if a process that was just ending wrote into it; the next server removes what is left.
  for (const pause of [0, 50, 300]) {
    await Bun.sleep(pause);
    await rm(path, { recursive: true, force: true }).catch(() => {});
    if (!existsSync(path)) return;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

/** Process ids mean something only inside of their namespace, and a folder may be shared. */
function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}
