/**
 * API keys: what stands in one, and what it allows.
 *
 * A key is `vly_<id>.<secret>`: the id finds it, the secret proves it. Only a digest of the whole
 * is ever kept; 256 random bits need no slow hash.
 */
import { present } from "../lib/present.ts";

/** Each allows what those before it allow. */
export const SCOPES = ["runs:read", "runs:write", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** A key as it may be shown. Times are milliseconds since the epoch. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scope: Scope;
  readonly createdAt: number;
  /** The key is refused from then on. Absent: it does not expire. */
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  /** Behind by the seconds it takes to be written. */
  readonly lastUsedAt?: number;
}

/** A key that was just made: the only moment its text is known. */
export interface IssuedKey {
  readonly id: string;
  readonly text: string;
  readonly digest: Uint8Array;
}

/** What a key may be called; a sentence for who calls it otherwise. */
export const KEY_NAME = "^[^\\u0000-\\u001f\\u007f-\\u009f]{1,128}$";
export const NOT_A_KEY_NAME = "1 to 128 characters without control characters";

const PREFIX = "vly_";
const ID_BYTES = 8;
const SECRET_BYTES = 32;
/** The id is hexadecimal, so that it never starts with a dash on a command line. */
const KEY = /^vly_([0-9a-f]{16})\.[A-Za-z0-9_-]{43}$/;
const ID = /^(?:vly_)?([0-9a-f]{16})(?:\.|$)/;

export function issueKey(): IssuedKey {
  const id = randomBytes(ID_BYTES).toString("hex");
  const text = `${PREFIX}${id}.${randomToken()}`;
  return { id, text, digest: digestOf(text) };
}

/** 256 random bits as base64url. */
export function randomToken(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

function randomBytes(count: number): Buffer {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(count)));
}

/** The id in a key, or undefined if the text has not the shape of a key. */
export function keyId(text: string): string | undefined {
  return KEY.exec(text)?.[1];
}

/** The id a person meant: with or without the prefix, or the whole key. */
export function idFrom(text: string): string | undefined {
  return ID.exec(text)?.[1];
}

export function digestOf(text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}

/** Compares in constant time; both must be digests, which are of one length. */
export function sameDigest(one: Uint8Array, other: Uint8Array): boolean {
  return crypto.timingSafeEqual(one, other);
}

export function isUsable({ expiresAt, revokedAt }: ApiKey, now: number): boolean {
  return revokedAt === undefined && (expiresAt === undefined || now < expiresAt);
}

export function allows(scope: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);
}

/** A key as JSON: times in ISO 8601. */
export function keyAsJson({ createdAt, expiresAt, lastUsedAt, revokedAt, ...key }: ApiKey) {
  return {
    ...key,
    createdAt: new Date(createdAt).toISOString(),
    ...present({
      expiresAt: iso(expiresAt),
      revokedAt: iso(revokedAt),
      lastUsedAt: iso(lastUsedAt),
    }),
  };
}

function iso(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
