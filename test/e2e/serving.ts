/** `volley serve` as a process, and requests for it. */
import type { RunStatus } from "../../src/domain/run.ts";
import { Api, start, type Started } from "../support/process.ts";

export interface ServeOptions {
  /** Not needed with a database. */
  readonly data?: string;
  /** The value of PLAYWRIGHT_RUNNERS. */
  readonly regions?: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export type Serving = Started & { readonly api: Api };

/** Starts `volley serve` on a port of the system's choice. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { args = [], cwd, data, env, regions = {} } = options;
  const started = await start({
    args: ["serve", "--port", "0", ...(data === undefined ? [] : ["--data", data]), ...args],
    env: { PLAYWRIGHT_RUNNERS: JSON.stringify(regions), ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  return { ...started, api: new Api(started.origin) };
}

/** A request of so many jobs for region `eu`: URLs end in the job's index. */
export function jobs(count: number, more: Readonly<Record<string, unknown>> = {}) {
  const runners = Array.from({ length: count }, (_, index) => ({
    name: "titleTest",
    region: "eu",
    input: { url: `https://example.com/${index}` },
  }));
  return { runners, mode: "remote", ...more };
}

/** The index of a job of `jobs`, from what its endpoint received. */
export function indexOf({ body }: { readonly body: { readonly url: string } }): number {
  return Number(body.url.split("/").at(-1));
}

/** The job counts of a status that has them all; throws when they do not add up. */
export function counts(status: RunStatus): Record<"queued" | "running" | "ended", number> {
  const { completedJobs, failedJobs, queuedJobs, runningJobs, totalJobs } = status;
  const ended = completedJobs + failedJobs;
  if (queuedJobs + runningJobs + ended !== totalJobs) {
    throw new Error(`These counts do not add up: ${JSON.stringify(status)}.`);
  }
  return { queued: queuedJobs, running: runningJobs, ended };
}
