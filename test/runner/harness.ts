/** A pool of real runner hosts for tests, and what /proc says of processes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Result } from "../../src/domain/result.ts";
import { createLog } from "../../src/lib/log.ts";
import { Redactor } from "../../src/lib/redactor.ts";
import { hostCommand } from "../../src/runner/host-command.ts";
import { RunnerPool, type RunnerPoolOptions } from "../../src/runner/pool.ts";
import { Project } from "../../src/runner/project.ts";

export const FIXTURES = join(import.meta.dir, "..", "fixtures", "runners");

export interface Pool extends AsyncDisposable {
  readonly pool: RunnerPool;
  /** Lines of the server's log. */
  readonly lines: readonly string[];
  /** Results of a job of these runners, all with the same input. */
  readonly run: (names: readonly string[], input?: Record<string, unknown>) => Promise<Result[]>;
}

export async function openPool(
  options: Partial<RunnerPoolOptions> & { readonly dir?: string } = {},
): Promise<Pool> {
  const { dir = FIXTURES, ...rest } = options;
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), pretty: false, now: Date.now });
  const pool = new RunnerPool({
    project: Project.open(dir),
    command: hostCommand(),
    env: { PATH: process.env["PATH"] ?? "", BUN_FEATURE_FLAG_NO_ORPHANS: "1" },
    hosts: 2,
    runnerTimeout: 60_000,
    redactor: new Redactor({ keys: [] }),
    log,
    ...rest,
  });
  const run: Pool["run"] = (names, input = {}) => {
    const runners = names.map((name) => ({ name, input }));
    return pool.execute({ url: "http://127.0.0.1/", runners }, new AbortController().signal);
  };
  return { pool, lines, run, [Symbol.asyncDispose]: () => pool.close() };
}

/** A page for the runner `fetches` that is there once `opened` is settled. */
export function startPage(opened: () => Promise<unknown>): Bun.Server<undefined> {
  const fetch = async (): Promise<Response> => {
    await opened();
    return new Response("here");
  };
  return Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch });
}

export interface Seen {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All processes that are alive: a zombie only waits to be counted. */
export function processes(): Seen[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state === "Z" || state === "X") return [];
      const command = readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return [{ pid: Number(entry), parent: Number(parent), command }];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}

/** Runner hosts that a process has now. */
export function hostsOf(pid: number): Seen[] {
  return processes().filter(({ command, parent }) => parent === pid && command.endsWith("__host"));
}

/** Seconds no other `sleep` on this machine is asked for. */
export function uniqueSeconds(): string {
  return String(1_000_000 + Math.floor(Math.random() * 1e9));
}
