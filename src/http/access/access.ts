/**
 * Access: every request to a server passes here before anything of it is read or routed. First the
 * name it came by, then the page that sent it, then who sent it, then what they may do.
 *
 * It is one hook on the root app: a hook of a plugin would leave the other routes open.
 */
import { AppError } from "../../domain/errors.ts";
import { allows, type Scope } from "../../domain/key.ts";
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

/** What the framework gives a hook. */
interface HookContext {
  readonly request: Request;
  readonly set: { readonly headers: Record<string, string | number | undefined> };
}

/** Everybody, as long as there is no key. */
const ANYBODY: Identity = { keyId: "", name: "", scope: "admin" };

export class Access {
  readonly #options: AccessOptions;
  readonly #checkHost: (headers: Headers) => void;
  readonly #checkOrigin: (request: Request) => void;
  /** Tells browsers to come over TLS only: by a name that is meant for people. */
  readonly #transport: Readonly<Record<string, string>>;
  readonly #failures: MinuteLimit;
  readonly #submits: MinuteLimit | undefined;
  readonly #identities = new WeakMap<Request, Identity | Session>();

  constructor(options: AccessOptions) {
    const { corsOrigins, hosts, maxSignInFailures, monotonic, own, submitsPerMinute } = options;
    this.#options = options;
    this.#checkHost = hostCheck(hosts);
    const secure = own.publicUrl?.startsWith("https:") ?? false;
    this.#transport = secure ? { "strict-transport-security": "max-age=31536000" } : {};
    this.#checkOrigin = originCheck(own, corsOrigins);
    this.#failures = new MinuteLimit(maxSignInFailures, monotonic);
    this.#submits =
      submitsPerMinute === undefined ? undefined : new MinuteLimit(submitsPerMinute, monotonic);
  }

  /** The hook. Throws AppError, or returns an answer if one can be given without a key. */
  readonly check = async ({ request, set }: HookContext): Promise<Response | undefined> => {
    const { corsOrigins } = this.#options;
    this.#checkHost(request.headers);
    Object.assign(set.headers, corsHeaders(request.headers, corsOrigins), this.#transport);
    const answer = preflight(request, corsOrigins);
    if (answer) return answer;
    this.#checkOrigin(request);
    const { method, url } = request;
    const path = pathOf(url);
    const needed = neededScope(method, path);
    if (needed === undefined) return undefined;
    const identity = await this.#identify(request);
    // Keys are made by somebody who has one; the first by whoever may write to the data folder.
    const may = allows(identity.scope, needed) && !(needed === "admin" && identity === ANYBODY);
    if (!may) throw insufficientScope(needed);
    this.#identities.set(request, identity);
    return undefined;
  };

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
    (await this.#needsNoKey()) || (await this.#known(request)) !== undefined;

  async #identify(request: Request): Promise<Identity> {
    if (await this.#needsNoKey()) {
      if (!isForwarded(request.headers)) return ANYBODY;
      throw new AppError(
        "unauthorized",
        "Without a key this server answers nobody through a proxy; volley key create makes one.",
      );
    }
    const forgotten = bearerToken(request.headers) === undefined;
    return (await this.#known(request)) ?? this.#fail(request, forgotten);
  }

  async #needsNoKey(): Promise<boolean> {
    const { authenticator, requireKey } = this.#options;
    return !requireKey && !(await authenticator.isKeyed());
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
const FORWARDED =
  /^(?:forwarded|via|x-forwarded-.*|x-(?:real|client|cluster-client)-ip|true-client-ip|cf-connecting-ip)$/;

export function isForwarded(headers: Headers): boolean {
  return Array.from(headers.keys()).some((name) => FORWARDED.test(name));
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
