/**
 * RunSecrets: how this server keeps the secrets of runs: sealed with a key of its own.
 */
import { keyFile } from "../lib/key-file.ts";
import type { Redactor } from "../lib/redactor.ts";
import { Seal, SEAL_KEY_BYTES } from "../lib/seal.ts";
import { AppError, StartError } from "./errors.ts";
import type { RunRequest } from "./run.ts";
import { sealSecrets } from "./secret-input.ts";

/** In the data folder, unless an operator keeps it elsewhere. */
export const SEAL_KEY_FILE = "volley.key";

/**
 * Secrets sealed with the key in a file; without one there are none. Throws StartError if the file
 * holds something else.
 */
export function openRunSecrets(
  path: string | undefined,
  redactor: Pick<Redactor, "isSecretKey">,
): RunSecrets {
  try {
    const seal = path === undefined ? undefined : new Seal(keyFile(path, SEAL_KEY_BYTES));
    return new RunSecrets(redactor, seal);
  } catch (error) {
    throw new StartError([`The seal key cannot be used: ${(error as Error).message}.`], {
      cause: error,
    });
  }
}

export class RunSecrets {
  readonly #redactor: Pick<Redactor, "isSecretKey">;
  readonly #seal: Seal | undefined;

  /** Without a seal, requests with secrets are refused. */
  constructor(redactor: Pick<Redactor, "isSecretKey">, seal: Seal | undefined) {
    this.#redactor = redactor;
    this.#seal = seal;
  }

  /**
   * The request as it may be kept; equal requests are kept alike. Throws AppError `invalid_request`,
   * or `store_unavailable` if there can be no key.
   */
  seal(request: RunRequest): RunRequest {
    const isSecretKey = (name: string): boolean => this.#redactor.isSecretKey(name);
    const seal = (text: string): string => this.#withKey(() => this.#sealed().seal(text));
    return sealSecrets(request, isSecretKey, seal);
  }

  /** The text that was sealed; undefined if its key is not there. */
  open(sealed: string): string | undefined {
    return this.#withKey(() => this.#seal?.open(sealed));
  }

  #sealed(): Seal {
    if (this.#seal) return this.#seal;
    throw new AppError(
      "invalid_request",
      "Secrets in a request need --seal-key-file, the same on every replica that shares a database.",
    );
  }

  #withKey<Value>(use: () => Value): Value {
    try {
      return use();
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      const message = "The key that seals secrets cannot be made now.";
      throw new AppError("store_unavailable", message, { cause });
    }
  }
}
