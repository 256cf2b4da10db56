/** Identifiers: a prefix that says what is named, and a UUIDv7, so that they sort by time. */
export function newId<Prefix extends string>(prefix: Prefix): `${Prefix}_${string}` {
  return `${prefix}_${Bun.randomUUIDv7()}`;
}
