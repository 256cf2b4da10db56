/**
 * Endpoint: requests to one runner endpoint, on young connections and in the version of HTTP it
 * speaks. Each is sent once: over HTTP/1.1 after HTTP/2 only where the first was never sent.
 */
import type { Region } from "../domain/region.ts";
import { present } from "../lib/present.ts";
import { EndpointHttpVersion, type HttpVersion } from "./http-version.ts";
import { EndpointSessions } from "./sessions.ts";

export interface EndpointOptions {
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** Never HTTP/2. */
  readonly http1: boolean;
}

export interface EndpointRequest {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export class Endpoint {
  readonly #region: Region;
  readonly #sessions: EndpointSessions;
  /** Absent where there is no choice: without TLS there is no HTTP/2. */
  readonly #version: EndpointHttpVersion | undefined;

  constructor(region: Region, { http1, monotonic }: EndpointOptions) {
    this.#region = region;
    this.#sessions = new EndpointSessions({ monotonic, ...present({ ca: region.ca }) });
    const choice = region.url.startsWith("https:") && !http1;
    this.#version = choice ? new EndpointHttpVersion(region.url, monotonic) : undefined;
  }

  /** Finds out what `ask` would have to find out first. Never rejects. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.#version?.current(signal);
  }

  /**
   * Sends a request to a path below the endpoint's base and resolves with what `read` makes of the
   * response, which must read or discard its body. Rejects as fetch does.
   */
  async ask<Answer>(
    path: string,
    request: EndpointRequest,
    read: (response: Response) => Promise<Answer>,
  ): Promise<Answer> {
    const version = await this.#version?.current(request.signal);
    using lease = this.#sessions.lease();
    const send = (protocol?: HttpVersion): Promise<Response> =>
      lease.session.fetch(this.#region.url + path, {
        ...request,
        headers: {
          "accept-encoding": "identity",
          ...authorization(this.#region),
          ...request.headers,
        },
        redirect: "manual",
        // Long jobs are silent; only the signal may end them.
        timeout: false,
        proxy: false,
        // Decompressed where it can be counted.
        decompress: false,
        ...present({ protocol }),
      });
    return await read(await (version === "http2" ? this.#sendNewer(send) : send(version)));
  }

  /** Closes connections once they are idle. */
  close(): void {
    this.#sessions.close();
  }

  /**
   * Over HTTP/2, and over HTTP/1.1 if the server says that it did not look at the request: it did
   * not choose HTTP/2 in the handshake, or it refused the stream (RFC 9113, 8.7; the runtime has
   * tried it on several connections then, as where each serves a few requests only).
   */
  async #sendNewer(send: (protocol: HttpVersion) => Promise<Response>): Promise<Response> {
    try {
      return await send("http2");
    } catch (error) {
      const code = codeOf(error);
      if (code === "HTTP2Unsupported") this.#version?.unsupported();
      else if (code === "EPROTO") this.#version?.forget();
      if (code !== "HTTP2Unsupported" && code !== "HTTP2RefusedStream") throw error;
      return send("http1.1").catch((second: unknown) => {
        // A server of HTTP/2 only: what it said first is what there is to know.
        throw codeOf(second) === "EPROTO" ? error : second;
      });
    }
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}

function authorization({ token }: Region): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
