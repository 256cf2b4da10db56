/** `volley mock-runner` as a process. */
import { start, type Started } from "../support/process.ts";

export interface MockOptions {
  readonly region?: string;
  readonly script?: string;
  /** Names of the runners offered. */
  readonly runners?: string;
  readonly seed?: number;
}

/** `base`: the endpoint, as in PLAYWRIGHT_RUNNERS. */
export type Mock = Started & { readonly base: string };

/** Starts a mock runner on a port of the system's choice. */
export async function mock(options: MockOptions = {}): Promise<Mock> {
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const started = await start({ args: ["mock-runner", "--port", "0", ...flags] });
  return { ...started, base: `${started.origin}/api/runner` };
}
