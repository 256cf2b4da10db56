/** The processes of a benchmark: started, spoken to, and ended with it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const HERE = import.meta.dir;

export interface Measured {
  readonly ms: number;
  /** Processor time of the measured process, in milliseconds. */
  readonly cpuMs: number;
}

/** The stub endpoint; its base, as in PLAYWRIGHT_RUNNERS. */
export async function startEndpoint(): Promise<AsyncDisposable & { readonly base: string }> {
  const child = Bun.spawn([process.execPath, join(HERE, "endpoint.ts")], { stdout: "pipe" });
  const { port } = JSON.parse(await firstLine(child.stdout)) as { port: number };
  return {
    base: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** The bare loop over the same jobs. Throws unless every job passed. */
export async function bareLoop(
  base: string,
  concurrency: number,
  urls: readonly string[],
): Promise<Measured> {
  const child = Bun.spawn(
    [process.execPath, join(HERE, "bare-loop.ts"), base, String(concurrency)],
    {
      stdin: new Blob([JSON.stringify(urls)]),
      stdout: "pipe",
      env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: "4096" },
    },
  );
  const result = JSON.parse(await new Response(child.stdout).text()) as Measured & {
    passed: number;
  };
  if (result.passed !== urls.length) throw new Error(`The bare loop lost jobs: ${result.passed}.`);
  return result;
}

export interface Volley extends AsyncDisposable {
  readonly api: string;
  /** Processor time so far, in milliseconds. */
  readonly cpuMs: () => Promise<number>;
  /** Largest resident memory so far, in bytes. */
  readonly peakMemory: () => Promise<number>;
  readonly stop: (signal: NodeJS.Signals) => Promise<unknown>;
}

/** `volley serve` on a data folder, removed at the end unless it is given. */
export async function startVolley(
  binary: string,
  base: string,
  { args = [], data }: { args?: readonly string[]; data?: string } = {},
): Promise<Volley> {
  const folder = data ?? (await mkdtemp(join(tmpdir(), "volley-bench-")));
  const child = Bun.spawn([binary, "serve", "--port", "0", "--data", folder, ...args], {
    stdout: "pipe",
    stderr: "ignore",
    env: { ...process.env, PLAYWRIGHT_RUNNERS: JSON.stringify({ eu: base }) },
  });
  const origin = (await firstLine(child.stdout)).split(" ").at(-1) ?? "";
  const stop = async (signal: NodeJS.Signals): Promise<unknown> => {
    child.kill(signal);
    return child.exited;
  };
  return {
    api: `${origin}/api/orchestrator`,
    cpuMs: async () => processorTime(await readFile(`/proc/${child.pid}/stat`, "utf8")),
    peakMemory: async () => peak(await readFile(`/proc/${child.pid}/status`, "utf8")),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop("SIGKILL");
      if (data === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One run of the jobs, from submit to its end. Throws unless every job passed. */
export async function run(
  { api, cpuMs }: Volley,
  concurrency: number,
  urls: readonly string[],
): Promise<Measured & { readonly submitMs: number }> {
  const body = JSON.stringify({
    mode: "remote",
    concurrency,
    runners: urls.map((url) => ({ name: "t", region: "eu", input: { url } })),
  });
  const cpu = await cpuMs();
  const began = performance.now();
  const runId = await submit(api, body);
  const submitMs = performance.now() - began;
  let status: { state: string } = { state: "queued" };
  while (status.state === "queued" || status.state === "running") {
    status = (await (await fetch(`${api}/${runId}/status?wait=60`)).json()) as typeof status;
  }
  const ms = performance.now() - began;
  const used = (await cpuMs()) - cpu;
  const { summary } = (await (await fetch(`${api}/${runId}`)).json()) as {
    summary: { passed: number };
  };
  if (summary.passed !== urls.length) throw new Error(`volley lost jobs: ${summary.passed}.`);
  return { ms, cpuMs: used, submitMs };
}

export async function submit(api: string, body: string): Promise<string> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(api, { method: "POST", headers, body });
  if (response.status !== 202) throw new Error(`The submit was refused: ${await response.text()}`);
  return ((await response.json()) as { runId: string }).runId;
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream) {
    text += new TextDecoder().decode(chunk);
    if (text.includes("\n")) break;
  }
  return text.trim();
}

/** utime and stime, in ticks of 10 ms (proc(5)). */
function processorTime(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function peak(status: string): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1_024;
}
