/** A pool of hosts for the runners of test/fixtures/browser, and the browsers they start. */
import { join } from "node:path";

import type { Result } from "../../src/domain/result.ts";
import type { RunnerPoolOptions } from "../../src/runner/pool.ts";
import { openPool, type Pool, processes } from "./harness.ts";

const dir = join(import.meta.dir, "..", "fixtures", "browser");
const never = new AbortController().signal;

export const BROWSER = { args: ["--no-sandbox"], screenshots: true };

/** Each page takes half a second to come to rest, a browser a whole one to start. */
export const BROWSER_TEST_MS = 120_000;

export function openBrowserPool(options: Partial<RunnerPoolOptions> = {}): Promise<Pool> {
  return openPool({ dir, hosts: 1, runnerTimeout: 20_000, browser: BROWSER, ...options });
}

export function runOn({ pool }: Pool, url: string, names: readonly string[]): Promise<Result[]> {
  return pool.execute({ url, runners: names.map((name) => ({ name })) }, never);
}

/** Main processes of the browsers below a host. */
export function browsersOf(host: unknown): number[] {
  return processes()
    .filter(({ command, parent }) => parent === host && command.includes("--user-data-dir="))
    .map(({ pid }) => pid);
}
