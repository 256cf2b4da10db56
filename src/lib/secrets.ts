/** Secrets by their names: what a field called `password` holds is not to be shown again. */

const SECRET_NAME =
  /pass(?:word|wd|phrase|code)|secret|token|api[-_]?key|private[-_]?key|authorization|credential|cookies?$|^otp$|^pin$/i;

export const REDACTED = "[redacted]";

/** The one key of the object that stands where a secret was sealed. */
export const SEALED = "$sealed";

/** The value with the fields replaced whose names tell of a secret, at any depth. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, SEALED)) return REDACTED;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      SECRET_NAME.test(key) && entry !== null && typeof entry !== "boolean"
        ? REDACTED
        : withoutSecrets(entry),
    ]),
  );
}
