/** Requests per second of a server, and what they cost it. */
import { processorMs, startTool, type Tool } from "./processes.ts";
import type { LoadAnswer, LoadQuestion } from "./tools/load.ts";

export interface Server {
  readonly pid: number;
  readonly origin: string;
}

export interface LoadFigures {
  readonly perSecond: number;
  /** Processor time of the server, in microseconds per answer. */
  readonly cpuUs: number;
  readonly p99Ms: number;
}

export interface Loaded {
  readonly path: string;
  /** With it, a POST of JSON. */
  readonly body?: string;
  readonly connections?: number;
  readonly ms: number;
}

export type Load = Tool<LoadQuestion, LoadAnswer>;

export function startLoad(): Load {
  return startTool("load");
}

/** Rejects if any answer was not a success. */
export async function load(tool: Load, server: Server, loaded: Loaded): Promise<LoadFigures> {
  const { body, connections = 16, ms, path } = loaded;
  const { host } = new URL(server.origin);
  const request =
    body === undefined
      ? `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`
      : `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const cpu = await processorMs(server.pid);
  const answer = await tool.ask({ origin: server.origin, request, connections, ms });
  const used = (await processorMs(server.pid)) - cpu;
  return {
    perSecond: (answer.answers / answer.ms) * 1_000,
    cpuUs: (used / answer.answers) * 1_000,
    p99Ms: answer.p99,
  };
}
