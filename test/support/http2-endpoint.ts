/** Starts http2-endpoint.mjs under Node, and asks it what happened. */
import { join } from "node:path";

import { CERT_FILE, KEY_FILE } from "./tls.ts";

const PROGRAM = join(import.meta.dir, "http2-endpoint.mjs");

export interface Http2EndpointOptions {
  /** Most streams of one connection at once. */
  readonly maxStreams?: number;
  /** Each connection ends, gracefully, with its so-manieth request. */
  readonly goawayEvery?: number;
  /** HTTP/1.1 as well; there every job passes. */
  readonly http1?: boolean;
}

export interface Http2State {
  /** Connections made so far, and those open now. */
  readonly connections: number;
  readonly open: number;
  /** Requests being answered now, and the most there ever were. */
  readonly active: number;
  readonly peak: number;
  /** Streams that the client reset. */
  readonly cancelled: number;
  /** Streams that came after a GOAWAY had excluded them. */
  readonly ignored: number;
  /** Requests over HTTP/1.1. */
  readonly older: number;
  /** How often each idempotency key was received, apart from ignored streams. */
  readonly posts: Readonly<Record<string, number>>;
}

export interface Http2Endpoint extends AsyncDisposable {
  /** The base of an endpoint that answers in the named way. */
  readonly base: (behaviour: string) => string;
  readonly pid: number;
  readonly state: () => Promise<Http2State>;
  readonly control: (command: "release" | "goaway") => Promise<void>;
}

export async function startHttp2Endpoint(
  options: Http2EndpointOptions = {},
): Promise<Http2Endpoint> {
  const child = Bun.spawn(["node", PROGRAM, CERT_FILE, KEY_FILE, JSON.stringify(options)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const first = await child.stdout.getReader().read();
  const { control, port } = JSON.parse(new TextDecoder().decode(first.value)) as Ports;
  const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${control}${path}`);
  return {
    base: (behaviour) => `https://127.0.0.1:${port}/${behaviour}`,
    pid: child.pid,
    state: async () => (await ask("/state")).json() as Promise<Http2State>,
    control: async (command) => void (await ask(`/${command}`)),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

interface Ports {
  readonly port: number;
  readonly control: number;
}
