/**
 * EndpointSessions: the connections to one endpoint, renewed often.
 *
 * A connection that outlives the server's keep-alive is reset under a request, and one that a
 * network has silently dropped answers no request any more: so no request goes out on a connection
 * older than this. Over HTTP/2 all requests of one generation share a connection or a few, and a
 * renewal costs one handshake, not one per request.
 */
const MAX_AGE_MS = 2_000;

/** The right to use a session until it is disposed: after the answer was read. */
export interface SessionLease extends Disposable {
  readonly session: Bun.FetchSession;
}

/** A session and all its leases. */
class Generation implements SessionLease {
  readonly session: Bun.FetchSession;
  readonly born: number;
  #leases = 0;
  #closed = false;

  constructor(init: Bun.FetchSessionInit, born: number) {
    this.session = new Bun.FetchSession(init);
    this.born = born;
  }

  lease(): SessionLease {
    this.#leases++;
    return this;
  }

  [Symbol.dispose](): void {
    // A connection that was in use when its session was closed is idle, and open, only now.
    if (--this.#leases === 0 && this.#closed) this.session.close();
  }

  close(): void {
    this.#closed = true;
    this.session.close();
  }
}

export interface EndpointSessionsOptions {
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** PEM text of the only authorities trusted; default: those of the environment. */
  readonly ca?: string;
}

export class EndpointSessions {
  readonly #monotonic: () => number;
  readonly #init: Bun.FetchSessionInit;
  #current: Generation;

  constructor({ ca, monotonic }: EndpointSessionsOptions) {
    this.#monotonic = monotonic;
    this.#init = ca === undefined ? {} : { tls: { ca } };
    this.#current = this.#generation();
  }

  /** The session to send the next request with. */
  lease(): SessionLease {
    if (this.#monotonic() - this.#current.born > MAX_AGE_MS) this.close();
    return this.#current.lease();
  }

  /** Closes idle connections now, and those with requests in flight once these have finished. */
  close(): void {
    const old = this.#current;
    this.#current = this.#generation();
    old.close();
  }

  #generation(): Generation {
    return new Generation(this.#init, this.#monotonic());
  }
}
