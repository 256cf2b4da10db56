/**
 * The compiled binary as a process: started on a free port, talked to over HTTP, stopped or
 * killed.
 */
import type { RunStatus, RunSummary } from "../../src/domain/run.ts";
import { binary } from "./binary.ts";
import { eventually } from "./eventually.ts";

export interface Started extends AsyncDisposable {
  /** Origin, such as `http://127.0.0.1:40123`. */
  readonly origin: string;
  readonly pid: number;
  /** What stdout and stderr said so far. */
  readonly out: () => string;
  readonly log: () => string;
  /**
   * Sends the signal and resolves with the exit code, or with 128 + n after a fatal signal, once all
   * that was said has been read.
   */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number>;
}

export interface StartOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const READY = /^volley listening on (\S+)$/m;

/** Starts a server command and resolves once it listens. Rejects with its stderr if it ends. */
export async function start({ args, cwd, env }: StartOptions): Promise<Started> {
  const child = Bun.spawn([await binary(), ...args], {
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...env },
    stdout: "pipe",
    stderr: "pipe",
    ...(cwd === undefined ? {} : { cwd }),
  });
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const code = await child.exited;
    await Promise.all([out.ended, err.ended]);
    return code;
  };
  try {
    const ended = child.exited.then((code) => {
      throw new Error(`It ended with code ${code}.`);
    });
    const listening = eventually("the server listens", () => READY.exec(out.text())?.[1]);
    listening.catch(() => {});
    ended.catch(() => {});
    const origin = await Promise.race([listening, ended]);
    return {
      origin,
      pid: child.pid,
      out: out.text,
      log: err.text,
      stop,
      [Symbol.asyncDispose]: async () => void (await stop("SIGKILL")),
    };
  } catch (error) {
    await stop("SIGKILL");
    throw new Error(`${args.join(" ")} did not start: ${err.text()}`, { cause: error });
  }
}

/** Runs the binary to its end. */
export async function runToEnd(
  options: StartOptions,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([await binary(), ...options.args], {
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...options.env },
    stdout: "pipe",
    stderr: "pipe",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** What comes out of a process; `ended` once nothing more can come. */
function collect(stream: ReadableStream<Uint8Array>) {
  let text = "";
  const decoder = new TextDecoder();
  const ended = (async () => {
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  })();
  return { text: () => text, ended };
}

/** The API of a started orchestrator. */
export class Api {
  readonly base: string;

  constructor(origin: string) {
    this.base = `${origin}/api/orchestrator`;
  }

  post(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(this.base, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  /** Submits and returns the run id; throws unless the answer is 202. */
  async submit(body: unknown): Promise<string> {
    const response = await this.post(body);
    const text = await response.text();
    if (response.status !== 202) throw new Error(`Submit answered ${response.status}: ${text}`);
    return (JSON.parse(text) as { runId: string }).runId;
  }

  async status(runId: string): Promise<RunStatus> {
    return (await fetch(`${this.base}/${runId}/status`)).json() as Promise<RunStatus>;
  }

  async summary(runId: string): Promise<RunSummary> {
    return (await fetch(`${this.base}/${runId}`)).json() as Promise<RunSummary>;
  }

  /** The summary once the run has ended. */
  ended(runId: string): Promise<RunSummary> {
    return eventually(`run ${runId} ends`, async () => {
      const { state } = await this.status(runId);
      return state !== "queued" && state !== "running" && this.summary(runId);
    });
  }
}
