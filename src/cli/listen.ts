/**
 * What every server command shares: the listening socket, the one line on stdout, the log on
 * stderr, and signals.
 */
import { StartError } from "../domain/errors.ts";
import { systemClock } from "../lib/clock.ts";
import { createLog, type Log } from "../lib/log.ts";
import { once } from "../lib/once.ts";
import type { TlsPair } from "../lib/pem.ts";

/** Bun closes a silent connection after this; its timer moves in steps of four seconds. */
const IDLE_TIMEOUT_S = 30;

/** Answers that are not out by then, in milliseconds, are those that nobody takes. */
const ANSWER_LIMIT_MS = 1_000;

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** With it: HTTPS, and HTTP/2 for clients that offer it. */
  readonly tls?: TlsPair;
}

/** Throws StartError if the address cannot be listened on. */
export function listen({ fetch, host, port, tls }: ListenOptions): Bun.Server<undefined> {
  try {
    return Bun.serve({
      hostname: host,
      port,
      fetch,
      idleTimeout: IDLE_TIMEOUT_S,
      // Bodies are counted as they are read, where a refusal can be a proper problem.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      reusePort: false,
      development: false,
      ...(tls === undefined ? {} : { tls, http2: true }),
    });
  } catch (error) {
    const code = (error as { code?: string }).code;
    const why = code === "EADDRINUSE" ? "the port is in use" : (error as Error).message;
    throw new StartError([`Cannot listen on ${host}:${port}: ${why}.`], { cause: error });
  }
}

/** The one line on stdout that says a server is ready. */
export function announce(server: Bun.Server<undefined>): void {
  // Not process.stdout: making that stream takes longer than all the rest of a start.
  console.log(`volley listening on ${origin(server)}`);
}

function origin({ hostname = "", port, protocol }: Bun.Server<undefined>): string {
  return `${protocol}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** Lets answers that are on their way arrive, then closes every connection. */
export async function finishAnswers(server: Bun.Server<undefined>): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, ANSWER_LIMIT_MS);
  await Promise.race([server.stop(), limit.promise]);
  clearTimeout(timer);
  await server.stop(true);
}

export function stderrLog(): Log {
  // Made for the first line: making the stream takes longer than all the rest of a start.
  const stream = once(() => {
    // Whoever read the log may go away; the server does not go with them.
    process.stderr.on("error", () => {});
    return process.stderr;
  });
  return createLog({
    write: (line) => stream().write(line),
    get pretty() {
      return stream().isTTY === true;
    },
    now: systemClock.now,
  });
}

/**
 * Resolves when the server should stop, with the exit code: 0 after SIGTERM or SIGINT, 1 after a
 * defect that no handler caught. A second signal ends the process at once.
 */
export function stopRequested(log: Log): Promise<number> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      // With the handlers gone, the next signal has its default effect.
      process.off("SIGTERM", stop);
      process.off("SIGINT", stop);
      log.info("stopping", { signal });
      resolve(0);
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    const fail = (error: unknown): void => {
      log.error("unexpected failure; stopping", { error });
      // Whoever started may not wait for a stop yet, and simply end.
      process.exitCode = 1;
      resolve(1);
    };
    process.on("uncaughtException", fail);
    process.on("unhandledRejection", fail);
  });
}
