/**
 * HttpVersion: the version of HTTP that one TLS endpoint speaks, asked for by a handshake of its
 * own (ALPN, RFC 7301) before anything is sent to it.
 *
 * A request cannot be used to find out: a server that refuses the handshake because it knows no
 * HTTP/2 and a connection that breaks after the request was sent fail alike (EPROTO), so falling
 * back on that error could execute a job twice.
 */
import { firstAborted } from "../lib/first-aborted.ts";
import { isIp } from "../lib/ip-version.ts";

export type HttpVersion = "http2" | "http1.1";

/** How long an endpoint without HTTP/2 is taken at its word. */
const ASK_AGAIN_MS = 5 * 60_000;
/** How long a handshake may take; requests that wait for it then go out over HTTP/1.1. */
const HANDSHAKE_LIMIT_MS = 5_000;

export class EndpointHttpVersion {
  readonly #url: string;
  readonly #monotonic: () => number;
  #known: HttpVersion | undefined;
  #asked = 0;
  #asking: Promise<void> | undefined;

  /** `monotonic`: milliseconds that never go back. */
  constructor(url: string, monotonic: () => number) {
    this.#url = url;
    this.#monotonic = monotonic;
  }

  /**
   * The version to send the next request with, if nobody has to wait for it. One that was told long
   * ago is asked for anew meanwhile.
   */
  known(): HttpVersion | undefined {
    if (this.#known === "http1.1" && this.#age() > ASK_AGAIN_MS) void this.#ask();
    return this.#known;
  }

  /**
   * The same, after a handshake while nothing is known, but not past the abort of `signal`. Never
   * rejects: what is wrong with an endpoint that cannot be asked, a request over HTTP/1.1 will tell.
   */
  async current(signal: AbortSignal): Promise<HttpVersion> {
    const known = this.known();
    if (known !== undefined) return known;
    await untilAborted(this.#ask(), signal);
    return this.#known ?? "http1.1";
  }

  /** A connection for HTTP/2 was made and the server did not choose it. */
  unsupported(): void {
    this.#known = "http1.1";
    this.#asked = this.#monotonic();
  }

  /** A TLS handshake or connection failed: perhaps the server has been replaced by another. */
  forget(): void {
    this.#known = undefined;
  }

  #age(): number {
    return this.#monotonic() - this.#asked;
  }

  /** One handshake at a time, whoever waits for it. */
  #ask(): Promise<void> {
    this.#asked = this.#monotonic();
    this.#asking ??= chosenVersion(this.#url).then((version) => {
      this.#known = version ?? this.#known;
      this.#asking = undefined;
    });
    return this.#asking;
  }
}

async function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const settled = new AbortController();
  const stopped = firstAborted(signal, settled.signal);
  await Promise.race([promise, stopped]);
  settled.abort();
}

/** What the server behind an https: URL chooses; undefined if the handshake does not succeed. */
async function chosenVersion(url: string): Promise<HttpVersion | undefined> {
  // Not imported by the module: it brings all streams along, and few processes need it.
  const { connect } = await import("node:tls");
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const limit = AbortSignal.timeout(HANDSHAKE_LIMIT_MS);
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: Number(port) || 443,
      ...(isIp(host) ? {} : { servername: host }),
      ALPNProtocols: ["h2", "http/1.1"],
      // Nothing is sent, and nothing believed but this one choice; requests do verify.
      rejectUnauthorized: false,
    });
    const settle = (version: HttpVersion | undefined): void => {
      resolve(version);
      socket.end();
      socket.unref();
    };
    socket.on("secureConnect", () => settle(socket.alpnProtocol === "h2" ? "http2" : "http1.1"));
    socket.on("error", () => settle(undefined));
    socket.on("close", () => settle(undefined));
    // What the server says first is not of interest, but unread it would turn the end into a reset.
    socket.resume();
    limit.addEventListener("abort", () => socket.destroy(), { once: true });
  });
}
