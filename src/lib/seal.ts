/**
 * Seal: hides a text with a key, so that it can be kept where others may read (AES-256-GCM). What
 * was changed, or sealed with another key, does not open.
 *
 * Equal texts are sealed alike, so that whoever compares what is kept need not open it: the nonce is
 * a digest of the text under a key of its own, which no two texts share.
 */
export const SEAL_KEY_BYTES = 32;
const VERSION = "v1.";
const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export class Seal {
  readonly #key: () => Uint8Array;

  /** `key`: gives the same `SEAL_KEY_BYTES` bytes each time; asked for when something is sealed. */
  constructor(key: () => Uint8Array) {
    this.#key = key;
  }

  seal(text: string): string {
    const nonce = this.#derived("nonce").update(text).digest().subarray(0, NONCE_BYTES);
    const { createCipheriv } = nodeCrypto();
    const cipher = createCipheriv(CIPHER, this.#cipherKey(), nonce);
    const hidden = [cipher.update(text, "utf8"), cipher.final()];
    return VERSION + Buffer.concat([nonce, ...hidden, cipher.getAuthTag()]).toString("base64url");
  }

  /** Undefined if it was not sealed with this key. */
  open(sealed: string): string | undefined {
    if (!sealed.startsWith(VERSION)) return undefined;
    const bytes = Buffer.from(sealed.slice(VERSION.length), "base64url");
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    try {
      const { createDecipheriv } = nodeCrypto();
      const cipher = createDecipheriv(CIPHER, this.#cipherKey(), bytes.subarray(0, NONCE_BYTES));
      cipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const text = [cipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), cipher.final()];
      return Buffer.concat(text).toString("utf8");
    } catch {
      return undefined;
    }
  }

  #cipherKey(): Uint8Array {
    return this.#derived("cipher").digest();
  }

  /** A function of the key for one purpose. */
  #derived(purpose: string): Bun.CryptoHasher {
    const key = new Bun.CryptoHasher("sha256", this.#key()).update(purpose).digest();
    return new Bun.CryptoHasher("sha256", key);
  }
}

/** Not imported: it brings all streams along, and few processes seal anything. */
function nodeCrypto() {
  return process.getBuiltinModule("node:crypto");
}
