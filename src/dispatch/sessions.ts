/**
 * EndpointSession: the connections to one endpoint, renewed often.
 *
 * A connection that outlives the server's keep-alive is reset under a request, and whether that
 * request was executed nobody knows. So no connection is reused past the age of its session.
 */
const MAX_AGE_MS = 2_000;

export class EndpointSession {
  readonly #monotonic: () => number;
  #session = new Bun.FetchSession();
  #born: number;

  /** `monotonic`: milliseconds that never go back. */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
    this.#born = monotonic();
  }

  /** The session to send the next request with. */
  current(): Bun.FetchSession {
    const now = this.#monotonic();
    if (now - this.#born > MAX_AGE_MS) {
      // Requests in flight on the old session finish; its idle connections close now.
      this.#session.close();
      this.#session = new Bun.FetchSession();
      this.#born = now;
    }
    return this.#session;
  }
}
