/**
 * The processes of a benchmark, and what the system knows of them. Each tool is a process of its
 * own, so that what is measured shares no event loop with it.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { CannotRun } from "./case.ts";

const HERE = import.meta.dir;
const CERTIFICATES = join(HERE, "..", "..", "test", "fixtures", "tls");
export const SERVER_CERTIFICATE = join(CERTIFICATES, "server.pem");
export const SERVER_KEY = join(CERTIFICATES, "server.key");

/** Everybody trusts the authority of the endpoint's certificate. */
export const TRUST = { NODE_EXTRA_CA_CERTS: join(CERTIFICATES, "ca.pem") };

export interface Tool<Question, Answer> extends AsyncDisposable {
  readonly pid: number;
  /** Rejects if the tool ends instead of answering. */
  readonly ask: (question: Question) => Promise<Answer>;
}

/** Starts `tools/NAME.ts`; ends with its scope. */
export function startTool<Question, Answer>(
  name: string,
  args: readonly string[] = [],
): Tool<Question, Answer> {
  const waiting = new Map<number, (answer: Answer) => void>();
  const child = Bun.spawn([process.execPath, join(HERE, "tools", `${name}.ts`), ...args], {
    stdio: ["ignore", "inherit", "inherit"],
    // Bun would queue past 256 requests at once; volley raises this for itself.
    env: { ...process.env, ...TRUST, BUN_CONFIG_MAX_HTTP_REQUESTS: "4096" },
    ipc: ({ answer, id }: { id: number; answer: Answer }) => {
      waiting.get(id)?.(answer);
      waiting.delete(id);
    },
  });
  const ended = child.exited.then((code) => {
    throw new Error(`${name} ended with code ${code}.`);
  });
  ended.catch(() => {});
  let questions = 0;
  return {
    pid: child.pid,
    ask: (question) => {
      const id = ++questions;
      const { promise, resolve } = Promise.withResolvers<Answer>();
      waiting.set(id, resolve);
      child.send({ id, question });
      return Promise.race([promise, ended]);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** The first line of a process's output; undefined if it ends before. */
export async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  let text = "";
  for await (const chunk of stream) {
    text += new TextDecoder().decode(chunk);
    if (text.includes("\n")) return text.slice(0, text.indexOf("\n"));
  }
  return undefined;
}

/** Processor time of a process and all its children so far, in milliseconds (proc(5)). */
export async function processorMs(pid: number): Promise<number> {
  const stat = await proc(`${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // utime, stime, cutime, cstime: ticks of 10 ms; the last two of children that have ended.
  const own = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]) * 10, 0);
  const living = await Promise.all((await childrenOf(pid)).map(processorMs));
  return living.reduce((sum, ms) => sum + ms, own);
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(threads.map((id) => proc(`${pid}/task/${id}/children`)));
  return lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}

/** Resident memory of a process, in bytes: the most so far, or now. */
export async function memory(pid: number, which: "peak" | "now"): Promise<number> {
  const status = await proc(`${pid}/status`);
  const line = which === "peak" ? /^VmHWM:\s+(\d+) kB/m : /^VmRSS:\s+(\d+) kB/m;
  return Number(line.exec(status)?.[1]) * 1_024;
}

async function proc(path: string): Promise<string> {
  if (process.platform !== "linux") {
    throw new CannotRun("Processor time and memory of a process are read from /proc, on Linux.");
  }
  return readFile(`/proc/${path}`, "utf8");
}
