/**
 * The key store contract: API keys and the sessions they opened. Secrets never get here, digests
 * do.
 *
 * Writes are on disk when their promise resolves, and every process on the store sees them in its
 * next read: a revocation counts at once. Methods reject with AppError `store_unavailable` when
 * the store cannot be used.
 */
import type { ApiKey } from "../domain/key.ts";

export interface NewKey extends Pick<ApiKey, "id" | "name" | "scope" | "createdAt" | "expiresAt"> {
  /** SHA-256 of the key's text. */
  readonly digest: Uint8Array;
}

export interface StoredKey extends ApiKey {
  readonly digest: Uint8Array;
}

export interface NewSession {
  /** SHA-256 of the session's token. */
  readonly digest: Uint8Array;
  readonly keyId: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface KeyStore {
  createKey(key: NewKey): Promise<void>;
  findKey(id: string): Promise<StoredKey | undefined>;
  /** All keys, revoked ones too, in the order they were created in. */
  listKeys(): Promise<readonly ApiKey[]>;
  /** The revoked key; an earlier revocation keeps its time. Undefined if there is no such key. */
  revokeKey(id: string, at: number): Promise<ApiKey | undefined>;
  /** Whether a key was ever created. Keys are never deleted, so this never turns false again. */
  hasKeys(): Promise<boolean>;
  /** Notes when keys were last used, by id; an earlier time than the one known changes nothing. */
  noteUses(uses: ReadonlyMap<string, number>): Promise<void>;

  /** Also forgets sessions that ended before `now`. */
  createSession(session: NewSession, now: number): Promise<void>;
  /** The session with that digest, unless it ended before `now`. */
  findSession(digest: Uint8Array, now: number): Promise<Omit<NewSession, "digest"> | undefined>;
  deleteSession(digest: Uint8Array): Promise<void>;

  close(): Promise<void>;
}
