/**
 * Signatures of HTTP messages in the form of Standard Webhooks 1.0.0: an HMAC-SHA256 over
 * `id.timestamp.body`, in three headers.
 *
 * The bytes that are signed are the bytes that travel: whoever checks must not have parsed them.
 */
/** One key, or several while one replaces another: signed with all, accepted with any. */
export type SigningKeys = readonly Uint8Array[];

const PREFIX = "whsec_";
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const MIN_KEY_BYTES = 24;
const MAX_KEY_BYTES = 64;

export const NOT_A_SIGNING_SECRET = `is not "${PREFIX}" and ${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} bytes in base64, or several of these separated by spaces`;

/** The keys in a text such as `whsec_…`, or `whsec_… whsec_…`; undefined if there are none. */
export function parseSigningKeys(text: string): SigningKeys | undefined {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const keys = words.flatMap((word) => parseKey(word) ?? []);
  return keys.length > 0 && keys.length === words.length ? keys : undefined;
}

function parseKey(word: string): Uint8Array | undefined {
  const encoded = word.slice(PREFIX.length);
  if (!word.startsWith(PREFIX) || !BASE64.test(encoded)) return undefined;
  const key = Buffer.from(encoded, "base64");
  return key.length >= MIN_KEY_BYTES && key.length <= MAX_KEY_BYTES ? key : undefined;
}

/** The keys as secrets are written, without their prefix. */
export function writtenKeys(keys: SigningKeys): string[] {
  return keys.map((key) => Buffer.from(key).toString("base64"));
}

export interface SignedMessage {
  /** Names the message: the same for each attempt to deliver it. */
  readonly id: string;
  /** When it is sent, in milliseconds since the epoch. */
  readonly now: number;
  readonly body: string | Uint8Array;
}

/** The headers that carry the signature. */
export function signatureHeaders(keys: SigningKeys, message: SignedMessage): SignatureHeaders {
  const timestamp = String(Math.floor(message.now / 1_000));
  const signatures = keys.map((key) => `v1,${sign(key, message.id, timestamp, message.body)}`);
  return {
    "webhook-id": message.id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

export type SignatureHeaders = Readonly<
  Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>
>;

/** What the headers of a signed message say, not yet believed. */
export interface ClaimedSignature {
  readonly id: string;
  readonly timestamp: string;
  readonly signatures: readonly string[];
}

/** A dot in the id would let the text that is signed be cut in another way. */
const ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;
const TIMESTAMP = /^\d{1,12}$/;
const MAX_SIGNATURES = 16;

/** Undefined unless all three headers are there and look as they should. */
export function claimedSignature(headers: Headers): ClaimedSignature | undefined {
  const id = headers.get("webhook-id") ?? "";
  const timestamp = headers.get("webhook-timestamp") ?? "";
  const words = (headers.get("webhook-signature") ?? "").split(" ", MAX_SIGNATURES);
  // Other versions may stand beside ours: whoever signs decides, whoever checks picks.
  const signatures = words.flatMap((word) => (word.startsWith("v1,") ? word.slice(3) : []));
  if (!ID.test(id) || !TIMESTAMP.test(timestamp) || signatures.length === 0) return undefined;
  return { id, timestamp, signatures };
}

/** Whether one of the signatures is that of one of the keys; compared in constant time. */
export function isSigned(
  keys: SigningKeys,
  { id, signatures, timestamp }: ClaimedSignature,
  body: Uint8Array,
): boolean {
  let valid = false;
  for (const key of keys) {
    const expected = Buffer.from(sign(key, id, timestamp, body));
    for (const signature of signatures) {
      const given = Buffer.from(signature);
      if (given.length === expected.length && crypto.timingSafeEqual(given, expected)) valid = true;
    }
  }
  return valid;
}

function sign(key: Uint8Array, id: string, timestamp: string, body: string | Uint8Array): string {
  const hasher = new Bun.CryptoHasher("sha256", key);
  return hasher.update(`${id}.${timestamp}.`).update(body).digest("base64");
}
