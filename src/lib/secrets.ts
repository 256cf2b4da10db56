/** Words for secrets where they were: taken out for good, or sealed and kept. */

export const REDACTED = "[redacted]";

/** The one key of the object that stands where a secret was sealed. */
export const SEALED = "$sealed";

/** The value as it may be shown: without what was sealed in it, at any depth. */
export function withoutSealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSealed);
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, SEALED)) return REDACTED;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, withoutSealed(entry)]),
  );
}
