/**
 * Who sends a request: a key as bearer token, or the session that a key opened for a browser.
 *
 * Every request asks the key store anew, so that a key counts from its creation to its revocation
 * and not a moment longer. Only that there is no key at all is believed for a few milliseconds.
 */
import {
  digestOf,
  isUsable,
  keyId,
  randomToken,
  sameDigest,
  type Scope,
} from "../../domain/key.ts";
import { lastingAnswer } from "../../lib/lasting-answer.ts";
import type { KeyStore } from "../../store/keys.ts";

/** Whom a key was given to, and what they may do. */
export interface Identity {
  readonly keyId: string;
  readonly name: string;
  readonly scope: Scope;
}

export interface Session extends Identity {
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface AuthenticatorDeps {
  readonly keys: Pick<
    KeyStore,
    "findKey" | "hasKeys" | "createSession" | "findSession" | "deleteSession"
  >;
  /** A key that counts as long as this server runs, whatever the store says. */
  readonly adminKey?: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** Told the id of every key of the store that was accepted. */
  readonly used: (id: string) => void;
}

/** A working day and a bit; then a person signs in anew. */
const SESSION_MS = 12 * 3_600_000;

/**
 * How long requests without a key may pass after another process has made the first one: less than
 * that process takes to end. To look for a key is a quarter of what a status costs.
 */
const UNKEYED_MS = 10;

/** What is compared with when there is no such key: it takes the same time. */
const NO_DIGEST = new Uint8Array(32);

export class Authenticator {
  readonly #deps: AuthenticatorDeps;
  readonly #admin: (Identity & { readonly digest: Uint8Array }) | undefined;
  /** What `isKeyed` says, or has just said. */
  readonly isKeyedNow: () => boolean | Promise<boolean>;
  #keyed = false;

  /** Throws RangeError for an `adminKey` that is no key. */
  constructor(deps: AuthenticatorDeps) {
    this.#deps = deps;
    const { adminKey, monotonic } = deps;
    this.isKeyedNow = lastingAnswer(() => this.isKeyed(), UNKEYED_MS, monotonic);
    if (adminKey === undefined) return;
    const id = keyId(adminKey);
    if (id === undefined) throw new RangeError("The admin key has not the shape of a key.");
    this.#admin = { keyId: id, name: "admin key", scope: "admin", digest: digestOf(adminKey) };
  }

  /** Whether there is a key at all, or ever was. */
  async isKeyed(): Promise<boolean> {
    this.#keyed ||= this.#admin !== undefined || (await this.#deps.keys.hasKeys());
    return this.#keyed;
  }

  /** Whom the key was given to; undefined for whatever is no key that counts now. */
  async byKey(text: string): Promise<Identity | undefined> {
    const id = keyId(text);
    const found = id === undefined ? undefined : await this.#find(id);
    const proven = sameDigest(digestOf(text), found?.digest ?? NO_DIGEST);
    return proven ? found && this.#accept(found) : undefined;
  }

  /** Opens a session for the key, or not. The token is known to nobody else. */
  async signIn(text: string): Promise<{ token: string; session: Session } | undefined> {
    const identity = await this.byKey(text);
    if (!identity) return undefined;
    const token = randomToken();
    const now = this.#deps.now();
    const expiresAt = now + SESSION_MS;
    const { keyId: id } = identity;
    const row = { digest: digestOf(token), keyId: id, expiresAt };
    await this.#deps.keys.createSession(row, now);
    return { token, session: { ...identity, expiresAt } };
  }

  /** Whose session it is, as long as both the session and its key count. */
  async bySession(token: string): Promise<Session | undefined> {
    const row = await this.#deps.keys.findSession(digestOf(token), this.#deps.now());
    const found = row && (await this.#find(row.keyId));
    return found && { ...this.#accept(found), expiresAt: row.expiresAt };
  }

  async signOut(token: string): Promise<void> {
    await this.#deps.keys.deleteSession(digestOf(token));
  }

  async #find(id: string): Promise<(Identity & { readonly digest: Uint8Array }) | undefined> {
    if (this.#admin?.keyId === id) return this.#admin;
    const key = await this.#deps.keys.findKey(id);
    if (!key || !isUsable(key, this.#deps.now())) return undefined;
    return { keyId: id, name: key.name, scope: key.scope, digest: key.digest };
  }

  #accept({ keyId: id, name, scope }: Identity): Identity {
    if (id !== this.#admin?.keyId) this.#deps.used(id);
    return { keyId: id, name, scope };
  }
}
