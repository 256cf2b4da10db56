/**
 * What can go wrong between a client and its server: it refuses, it is away, or it is something
 * else than volley. All three are for the caller to put into a sentence.
 */
import type { Fault } from "../domain/errors.ts";

/** The server understood and said no (a problem, RFC 9457). */
export class Refusal extends Error {
  /** A stable code, such as `unknown_region`. */
  readonly code: string;
  readonly status: number;
  readonly faults: readonly Fault[];
  /** For a refusal that is worth repeating: after so many milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    problem: { readonly code: string; readonly detail: string; readonly errors: readonly Fault[] },
    answer: { readonly status: number; readonly retryAfterMs: number | undefined },
  ) {
    super(problem.detail);
    this.name = "Refusal";
    this.code = problem.code;
    this.faults = problem.errors;
    this.status = answer.status;
    this.retryAfterMs = answer.retryAfterMs;
  }
}

/** Nobody answered, or only somebody on the way. The message says what happened instead. */
export class ServerAway extends Error {
  /** Whether the request cannot have arrived: no connection was made. */
  readonly unsent: boolean;

  constructor(message: string, options: ErrorOptions & { readonly unsent: boolean }) {
    super(message, options);
    this.name = "ServerAway";
    this.unsent = options.unsent;
  }
}

/** Something answered that is no volley server. The message says what it answered. */
export class NotVolley extends Error {
  override readonly name = "NotVolley";
}
