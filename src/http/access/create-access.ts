/**
 * The parts of access put together from what an operator configures.
 */
import { keyId } from "../../domain/key.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { present } from "../../lib/present.ts";
import type { KeyStore } from "../../store/keys.ts";
import { Access } from "./access.ts";
import { Authenticator } from "./authenticator.ts";
import { ORIGIN } from "./flags.ts";
import { LastUsed } from "./last-used.ts";
import { type SessionCookie, sessionCookie } from "./session-cookie.ts";

/** Who may come in, and by which name. */
export interface AccessSettings {
  /** Host names to answer to, besides IP addresses, localhost and that of `publicUrl`. */
  readonly allowedHosts?: readonly string[];
  /** Origin that people see, such as `https://volley.example.com`, if a proxy stands before. */
  readonly publicUrl?: string;
  /** Whether the server itself speaks TLS. Default: no. */
  readonly tls?: boolean;
  /** Origins whose pages may send requests, with a key, and read the answers. Default: none. */
  readonly corsOrigins?: readonly string[];
  /** A key with scope `admin` that is kept nowhere. */
  readonly adminKey?: string;
  /** Ask for a key even as long as there is none. Default: let everybody in until the first. */
  readonly requireKey?: boolean;
  /** Most runs that one key may submit in a minute. Default: no limit. */
  readonly submitsPerMinute?: number;
  /** Most sign-ins with a wrong key from one client address in a minute. Default: 20. */
  readonly maxSignInFailures?: number;
  /** The address a request came from; without it all failures count together. */
  readonly clientAddress?: (request: Request) => string | undefined;
}

export interface AccessParts {
  readonly access: Access;
  readonly authenticator: Authenticator;
  readonly cookie: SessionCookie;
  readonly keys: KeyStore;
  readonly now: () => number;
  /** Writes what is not written yet; the key store stays open. */
  readonly close: () => Promise<void>;
}

export interface AccessDeps {
  readonly keys: KeyStore;
  readonly clock: Pick<Clock, "now" | "monotonic">;
  readonly log: Log;
}

const DEFAULT_SIGN_IN_FAILURES = 20;

/** Expects settings without faults. */
export function createAccess(settings: AccessSettings, deps: AccessDeps): AccessParts {
  const { adminKey, allowedHosts = [], clientAddress, corsOrigins = [], tls = false } = settings;
  const publicUrl = settings.publicUrl === undefined ? undefined : new URL(settings.publicUrl);
  const { clock, keys, log } = deps;
  const lastUsed = new LastUsed({ keys, log, now: clock.now });
  const authenticator = new Authenticator({
    keys,
    now: clock.now,
    monotonic: clock.monotonic,
    used: (id) => lastUsed.note(id),
    ...present({ adminKey }),
  });
  const cookie = sessionCookie(publicUrl ? publicUrl.protocol === "https:" : tls);
  const access = new Access({
    authenticator,
    cookie,
    hosts: publicUrl ? [...allowedHosts, publicUrl.hostname] : allowedHosts,
    own: { tls, ...present({ publicUrl: publicUrl?.origin }) },
    corsOrigins: new Set(corsOrigins.map((origin) => new URL(origin).origin)),
    requireKey: settings.requireKey ?? false,
    maxSignInFailures: settings.maxSignInFailures ?? DEFAULT_SIGN_IN_FAILURES,
    clientAddress: clientAddress ?? (() => undefined),
    monotonic: clock.monotonic,
    ...present({ submitsPerMinute: settings.submitsPerMinute }),
  });
  return { access, authenticator, cookie, keys, now: clock.now, close: () => lastUsed.close() };
}

/** What cannot be meant, a sentence each. For a library; the binary's were checked as flags. */
export function settingsFaults({
  adminKey,
  corsOrigins = [],
  publicUrl,
}: AccessSettings): readonly string[] {
  const origins = publicUrl === undefined ? corsOrigins : [...corsOrigins, publicUrl];
  const faults = origins
    .filter((origin) => !ORIGIN.test(origin))
    .map((origin) => `access: "${origin}" is no origin such as "https://volley.example.com"`);
  if (adminKey === undefined || keyId(adminKey) !== undefined) return faults;
  return [...faults, "access: adminKey is no key as volley key generate prints it"];
}
