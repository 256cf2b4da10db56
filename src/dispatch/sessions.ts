/**
 * EndpointSessions: the connections to one endpoint, renewed often.
 *
 * A connection that outlives the server's keep-alive is reset under a request, and one that a
 * network has silently dropped answers no request any more: so no request goes out on a connection
 * older than this. Over HTTP/2 all requests of one generation share a connection or a few, and a
 * renewal costs one handshake, not one per request.
 */
const MAX_AGE_MS = 2_000;

interface Generation {
  readonly session: Bun.FetchSession;
  readonly born: number;
  leases: number;
}

/** The right to use a session until it is disposed: after the answer was read. */
export interface SessionLease extends Disposable {
  readonly session: Bun.FetchSession;
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
    const generation = this.#current;
    generation.leases++;
    return {
      session: generation.session,
      [Symbol.dispose]: () => {
        // A connection that was in use when its session was closed is idle, and open, only now.
        if (--generation.leases === 0 && generation !== this.#current) generation.session.close();
      },
    };
  }

  /** Closes idle connections now, and those with requests in flight once these have finished. */
  close(): void {
    const { session } = this.#current;
    this.#current = this.#generation();
    session.close();
  }

  #generation(): Generation {
    return { session: new Bun.FetchSession(this.#init), born: this.#monotonic(), leases: 0 };
  }
}
