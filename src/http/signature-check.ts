/**
 * The signature a server asks for: within five minutes, over the bytes that arrived, and each
 * message once.
 *
 * Ids are remembered in memory only, so a restart forgets them; the tolerance bounds what a
 * recording of a request is worth then.
 */
import { AppError } from "../domain/errors.ts";
import { claimedSignature, isSigned, type SigningKeys } from "../lib/signature.ts";

/** How far the clocks of both sides may differ, and how old a message may be, in milliseconds. */
const TOLERANCE_MS = 5 * 60_000;

export class SignatureCheck {
  readonly #keys: SigningKeys;
  readonly #now: () => number;
  /** Ids of accepted messages and when they may be forgotten, the oldest first. */
  readonly #seen = new Map<string, number>();

  /** `now`: milliseconds since the epoch. */
  constructor(keys: SigningKeys, now: () => number) {
    this.#keys = keys;
    this.#now = now;
  }

  /**
   * Looks at the headers, before the body is read, and returns the check of that body. Both throw
   * AppError `unauthorized`.
   */
  begin(headers: Headers): (body: Uint8Array) => void {
    const claimed = claimedSignature(headers);
    if (!claimed) {
      throw refused("A signature is needed: webhook-id, webhook-timestamp, webhook-signature.");
    }
    if (Math.abs(Number(claimed.timestamp) * 1_000 - this.#now()) > TOLERANCE_MS) {
      throw refused("The signature's timestamp is more than 5 minutes off this server's clock.");
    }
    return (body) => {
      if (!isSigned(this.#keys, claimed, body)) throw refused("The signature is not valid.");
      this.#remember(claimed.id);
    };
  }

  /** Only ids of valid signatures are kept, so that nobody else can fill the memory. */
  #remember(id: string): void {
    const now = this.#now();
    for (const [old, until] of this.#seen) {
      if (until > now) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(id)) throw refused("This message was received before.");
    // A timestamp may lie ahead by the tolerance, and is then valid for twice as long.
    this.#seen.set(id, now + 2 * TOLERANCE_MS);
  }
}

function refused(message: string): AppError {
  return new AppError("unauthorized", message);
}
