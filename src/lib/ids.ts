/** Identifiers: a prefix that says what is named, and a UUIDv7, so that they sort by time. */
export function newId<Prefix extends string>(prefix: Prefix): `${Prefix}_${string}` {
  return `${prefix}_${Bun.randomUUIDv7()}`;
}

const COUNTED_DIGITS = 7;

/**
 * Identifiers of one time, by their index from 0: all but the first count up its random bits
 * (RFC 9562, 6.2), so that they need not be kept.
 */
export function newIds<Prefix extends string>(
  prefix: Prefix,
): (index: number) => `${Prefix}_${string}` {
  const id = newId(prefix);
  const head = id.slice(0, -COUNTED_DIGITS) as `${Prefix}_${string}`;
  // Without the highest bit there is always room to count.
  const first = Number.parseInt(id.slice(-COUNTED_DIGITS), 16) % 2 ** (4 * COUNTED_DIGITS - 1);
  return (index) => `${head}${(first + index).toString(16).padStart(COUNTED_DIGITS, "0")}`;
}
