/** What both scripts share: the request of one job, and the clock around all of them. */
export interface LoopQuestion {
  readonly base: string;
  readonly concurrency: number;
  readonly urls: readonly string[];
}

export interface LoopAnswer {
  readonly ms: number;
  readonly cpuMs: number;
  readonly passed: number;
}

/** Sends one job, as volley does; whether it passed. */
export async function post(base: string, url: string): Promise<boolean> {
  const response = await fetch(`${base}/execute`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      url,
      runners: [{ name: "t", input: { url } }],
      runId: "r",
      region: "eu",
    }),
  });
  const { results } = (await response.json()) as { results: { status: string }[] };
  return results[0]?.status === "pass";
}

/** `work`: resolves with how many jobs passed. */
export async function timed(work: () => Promise<number>): Promise<LoopAnswer> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  const passed = await work();
  const ms = performance.now() - began;
  const { system, user } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1_000, passed };
}
