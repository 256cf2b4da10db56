/**
 * Access: every request to a server passes here before anything of it is read or routed. First the
 * name it came by, then the page that sent it, then who sent it, then what they may do.
 *
 * It is the guard of the root app: a hook of a plugin would leave the other routes open.
 */
import { AppError } from "../../domain/errors.ts";
import { allows, type Scope } from "../../domain/key.ts";
import type { Guard } from "../app.ts";
import { bearerToken } from "../bearer.ts";
import { originalRequest } from "../own-request.ts";
import { addressGroup } from "./address-group.ts";
import type { Authenticator, Identity, Session } from "./authenticator.ts";
import { corsHeaders, preflight } from "./cors.ts";
import { hostCheck } from "./hosts.ts";
import { MinuteLimit } from "./minute-limit.ts";
import { isFromOwnPage, originCheck, type OwnOrigin } from "./origins.ts";
import { neededScope } from "./scopes.ts";
import type { SessionCookie } from "./session-cookie.ts";

export interface AccessOptions {
  /** Host names to answer to, besides IP addresses and localhost. */
  readonly hosts: readonly string[];
  readonly own: OwnOrigin;
  /** Origins whose pages may send requests, and read the answers. */
  readonly corsOrigins: ReadonlySet<string>;
  readonly authenticator: Authenticator;
  readonly cookie: SessionCookie;
  /** Whether a key is asked for even as long as there is none. */
  readonly requireKey: boolean;
  /** Most failed sign-ins of a client address in a minute. */
  readonly maxSignInFailures: number;
  /** Most submits of a key in a minute. Absent: no limit. */
  readonly submitsPerMinute?: number;
  /** The address a request came from, if the server knows. */
  readonly clientAddress: (request: Request) => string | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

/** Everybody, as long as there is no key. */
const ANYBODY: Identity = { keyId: "", name: "", scope: "admin" };

export class Access {
  readonly #options: AccessOptions;
  readonly #checkHost: (headers: Headers) => void;
  readonly #checkOrigin: (request: Request) => void;
  /** Tells browsers to come over TLS only: by a name that is meant for people. */
  readonly #transport: Readonly<Record<string, string>> | undefined;
  readonly #failures: MinuteLimit;
  readonly #submits: MinuteLimit | undefined;
  readonly #identities = new WeakMap<Request, Identity | Session>();

  constructor(options: AccessOptions) {
    const { corsOrigins, hosts, maxSignInFailures, monotonic, own, submitsPerMinute } = options;
    this.#options = options;
    this.#checkHost = hostCheck(hosts);
    const secure = own.publicUrl?.startsWith("https:") ?? false;
    this.#transport = secure ? { "strict-transport-security": "max-age=31536000" } : undefined;
    this.#checkOrigin = originCheck(own, corsOrigins);
    this.#failures = new MinuteLimit(maxSignInFailures, monotonic);
    this.#submits =
      submitsPerMinute === undefined ? undefined : new MinuteLimit(submitsPerMinute, monotonic);
  }

  /** The guard. Throws AppError, or gives an answer if one can be given without a key. */
  readonly check: Guard = ({ request, headers }) => {
    const { authenticator, corsOrigins, requireKey } = this.#options;
    this.#checkHost(request.headers);
    if (corsOrigins.size > 0) Object.assign(headers, corsHeaders(request.headers, corsOrigins));
    if (this.#transport) Object.assign(headers, this.#transport);
    const early = preflight(request, corsOrigins);
    if (early) return early;
    this.#checkOrigin(request);
    const needed = neededScope(request.method, pathOf(request.url));
    if (needed === undefined) return undefined;
    const keyed = requireKey || authenticator.isKeyedNow();
    // No promise where there is nothing to wait for: they cost more than all that is checked here.
    if (keyed === false) return this.#letIn(request, anybody(request), needed);
    return this.#identify(request, keyed).then((who) => this.#letIn(request, who, needed));
  };

  #letIn(request: Request, identity: Identity, needed: Scope): undefined {
    // Keys are made by somebody who has one; the first by whoever may write to the data folder.
    const may = allows(identity.scope, needed) && !(needed === "admin" && identity === ANYBODY);
    if (!may) throw insufficientScope(needed);
    this.#identities.set(request, identity);
  }

  /** Who sent a request that passed. Throws for one that needed no key. */
  identityOf(request: Request): Identity | Session {
    const identity = this.#identities.get(request);
    if (!identity) throw new Error("nobody was asked who sends this request");
    return identity;
  }

  /** Counts a submit. Throws AppError for one too many. */
  readonly admit = (request: Request): void => {
    const wait = this.#submits?.take(this.identityOf(request).keyId) ?? 0;
    if (wait > 0) throw tooMany("Too many runs were submitted with this key.", wait);
  };

  /** Opens a session for a key. Throws AppError for a key that does not count. */
  async signIn(request: Request, key: string) {
    return (await this.#options.authenticator.signIn(key)) ?? this.#fail(request);
  }

  /** Whether the sender of a request that passed would pass again: keys and sessions end. */
  readonly mayGoOn = async (request: Request): Promise<boolean> =>
    (!this.#options.requireKey && !(await this.#options.authenticator.isKeyed())) ||
    (await this.#known(request)) !== undefined;

  async #identify(request: Request, keyed: boolean | Promise<boolean>): Promise<Identity> {
    if (!(await keyed)) return anybody(request);
    const forgotten = bearerToken(request.headers) === undefined;
    return (await this.#known(request)) ?? this.#fail(request, forgotten);
  }

  async #known(request: Request): Promise<Identity | Session | undefined> {
    const key = bearerToken(request.headers);
    return key === undefined ? this.#bySession(request) : this.#options.authenticator.byKey(key);
  }

  /** A cookie is sent whoever asked for the request, so it must have been a page of ours. */
  async #bySession(request: Request): Promise<Session | undefined> {
    const { authenticator, cookie, own } = this.#options;
    const token = cookie.read(request.headers);
    if (token === undefined) return undefined;
    const harmless = request.method === "GET" || request.method === "HEAD";
    if (!harmless && !isFromOwnPage(request, own)) return undefined;
    return authenticator.bySession(token);
  }

  /**
   * Refuses, in the same words whatever was wrong. Failures are counted, and a key that counts is
   * accepted all the same: others behind the same address must not be locked out, and a secret of
   * 256 bits is not guessed. `forgotten`: there was no key that could be wrong.
   */
  #fail(request: Request, forgotten = false): never {
    const address = this.#options.clientAddress(originalRequest(request)) ?? "";
    const wait = forgotten ? 0 : this.#failures.take(addressGroup(address));
    if (wait > 0) throw tooMany("Too many sign-ins with a wrong key.", wait);
    throw new AppError("unauthorized", "A valid API key is needed, as a bearer token.");
  }
}

/** Headers of proxies: whoever sent the request is not on this machine, though its sender is. */
const FORWARDED = new Set([
  "forwarded",
  "via",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
]);

/** Throws AppError for a request that came through a proxy. */
function anybody({ headers }: Request): Identity {
  if (!isForwarded(headers)) return ANYBODY;
  throw new AppError(
    "unauthorized",
    "Without a key this server answers nobody through a proxy; volley key create makes one.",
  );
}

export function isForwarded(headers: Headers): boolean {
  for (const name of headers.keys()) {
    if (name.startsWith("x-forwarded-") || FORWARDED.has(name)) return true;
  }
  return false;
}

function insufficientScope(needed: Scope): AppError {
  return new AppError("insufficient_scope", `This needs a key with the scope ${needed}.`);
}

function tooMany(what: string, waitMs: number): AppError {
  const retryAfterS = Math.ceil(waitMs / 1_000);
  const message = `${what.replace(/\.$/, "")}; try again in ${retryAfterS} s.`;
  return new AppError("rate_limited", message, { retryAfterS });
}

/** As it was sent, undecoded. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const end = url.indexOf("?", start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}
