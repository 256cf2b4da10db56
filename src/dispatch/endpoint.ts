/**
 * Endpoint: requests to one runner endpoint, on young connections and in the version of HTTP it
 * speaks. Each is sent once: over HTTP/1.1 after HTTP/2 only where the first was never sent.
 */
import type { Region } from "../domain/region.ts";
import { present } from "../lib/present.ts";
import { EndpointHttpVersion, type HttpVersion } from "./http-version.ts";
import { type Body, readBody } from "./read-body.ts";
import { EndpointSessions } from "./sessions.ts";

export interface EndpointOptions {
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** Never HTTP/2. */
  readonly http1: boolean;
  /** Largest answer that is read, in bytes after decompression. */
  readonly maxAnswer: number;
}

export interface EndpointRequest {
  readonly method: "GET" | "POST";
  /** Those of the endpoint among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface EndpointAnswer {
  /** Its body is read or given up. */
  readonly response: Response;
  readonly body: Body;
}

export class Endpoint {
  /** What every request to it has to say. */
  readonly headers: Readonly<Record<string, string>>;
  readonly #url: string;
  readonly #maxAnswer: number;
  readonly #sessions: EndpointSessions;
  /** Absent where there is no choice: without TLS there is no HTTP/2. */
  readonly #choice: EndpointHttpVersion | undefined;

  constructor({ ca, token, url }: Region, { http1, maxAnswer, monotonic }: EndpointOptions) {
    this.#url = url;
    this.headers = {
      accept: "application/json",
      "accept-encoding": "identity",
      ...present({ authorization: token === undefined ? undefined : `Bearer ${token}` }),
    };
    this.#maxAnswer = maxAnswer;
    this.#sessions = new EndpointSessions({ monotonic, ...present({ ca }) });
    const mayChoose = url.startsWith("https:") && !http1;
    this.#choice = mayChoose ? new EndpointHttpVersion(url, monotonic) : undefined;
  }

  /** Finds out what `ask` would have to find out first. Never rejects. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.#choice?.current(signal);
  }

  /** Sends a request to a path below the endpoint's base. Rejects as fetch does. */
  async ask(path: string, request: EndpointRequest): Promise<EndpointAnswer> {
    const choice = this.#choice;
    // There is something to wait for only before the first request.
    const version = choice ? (choice.known() ?? (await choice.current(request.signal))) : "http1.1";
    const lease = this.#sessions.lease();
    try {
      let response: Response;
      try {
        response = await this.#send(lease.session, path, request, version);
      } catch (error) {
        if (version !== "http2" || !this.#disowned(error)) throw error;
        response = await this.#send(lease.session, path, request, "http1.1").catch(
          // A server of HTTP/2 only: what it said first is what there is to know.
          (second: unknown) => Promise.reject(codeOf(second) === "EPROTO" ? error : second),
        );
      }
      return { response, body: await readBody(response, this.#maxAnswer) };
    } finally {
      lease[Symbol.dispose]();
    }
  }

  /** Closes connections once they are idle. */
  close(): void {
    this.#sessions.close();
  }

  #send(
    session: Bun.FetchSession,
    path: string,
    { body, headers, method, signal }: EndpointRequest,
    protocol: HttpVersion,
  ): Promise<Response> {
    return session.fetch(this.#url + path, {
      method,
      headers,
      body: body ?? null,
      signal,
      redirect: "manual",
      // Long jobs are silent; only the signal may end them.
      timeout: false,
      proxy: false,
      // Decompressed where it can be counted.
      decompress: false,
      protocol,
    });
  }

  /**
   * Whether the server says that it did not look at a request over HTTP/2: it did not choose HTTP/2
   * in the handshake, or it refused the stream (RFC 9113, 8.7; the runtime has tried it on several
   * connections then, as where each serves a few requests only). Remembers what the error tells of
   * the version.
   */
  #disowned(error: unknown): boolean {
    const code = codeOf(error);
    if (code === "HTTP2Unsupported") this.#choice?.unsupported();
    else if (code === "EPROTO") this.#choice?.forget();
    return code === "HTTP2Unsupported" || code === "HTTP2RefusedStream";
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
