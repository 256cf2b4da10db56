/**
 * IP addresses as bytes, and what kind of place each of them is (the special-purpose registries of
 * IANA, RFC 6890, and the metadata services of clouds). Pure.
 *
 * An IPv6 address that carries an IPv4 address (mapped, or translated by NAT64) counts as that one.
 * IPv6 is refused unless known: only global unicast is `public`.
 */
import { once } from "./once.ts";

export type Address = readonly number[];

/** `reserved`: nobody's host: multicast, unspecified, documentation, tunnels, future use. */
export type AddressKind = "public" | "private" | "loopback" | "link-local" | "reserved";

/** Addresses with the same first `bits`. */
export interface AddressRange {
  readonly first: Address;
  readonly bits: number;
}

/** An address as a resolver or the host of a URL spells it; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  const address = parseV4(bare) ?? parseV6(bare);
  return address && carried(address);
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. */
export function parseRange(text: string): AddressRange | undefined {
  const [, spelt = "", prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const first = parseV4(spelt) ?? parseV6(spelt);
  const bits = prefix === undefined ? 8 * (first?.length ?? 0) : Number(prefix);
  return first && bits <= 8 * first.length ? { first, bits } : undefined;
}

export function isWithin(address: Address, { bits, first }: AddressRange): boolean {
  if (address.length !== first.length) return false;
  return first.every((byte, index) => {
    const shift = 8 - Math.min(8, Math.max(0, bits - 8 * index));
    return byte >> shift === (address[index] ?? 0) >> shift;
  });
}

export function addressKind(address: Address): AddressKind {
  const known = kinds().find(([, range]) => isWithin(address, range));
  return known?.[0] ?? (address.length === 4 ? "public" : "reserved");
}

function parseV4(text: string): Address | undefined {
  if (!/^(\d{1,3}\.){3}\d{1,3}$/.test(text)) return undefined;
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

const GROUPS = 8;

function parseV6(text: string): Address | undefined {
  const [, head = text, dotted] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  const v4 = dotted === undefined ? [] : parseV4(dotted);
  if (!v4) return undefined;
  // As two groups, which is what the dotted form stands for.
  const [a = 0, b = 0, c = 0, d = 0] = v4;
  const tail = dotted === undefined ? "" : [(a << 8) | b, (c << 8) | d].map(hex).join(":");
  const [before = "", after, ...more] = (head + tail).split("::");
  if (more.length > 0) return undefined;
  const left = groups(before);
  const right = groups(after ?? "");
  if (!left || !right) return undefined;
  const missing = GROUPS - left.length - right.length;
  if (after === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...left, ...Array.from({ length: missing }, () => 0), ...right].flatMap((group) => [
    group >> 8,
    group & 0xff,
  ]);
}

function hex(group: number): string {
  return group.toString(16);
}

function groups(text: string): number[] | undefined {
  if (text === "") return [];
  const words = text.split(":");
  return words.every((word) => /^[0-9a-f]{1,4}$/i.test(word))
    ? words.map((word) => Number.parseInt(word, 16))
    : undefined;
}

/** The IPv4 address that stands for an IPv6 one, if there is one. */
function carried(address: Address): Address {
  return carriers().some((range) => isWithin(address, range)) ? address.slice(12) : address;
}

function range(text: string): AddressRange {
  const parsed = parseRange(text);
  if (!parsed) throw new RangeError(`${text} is not a range of addresses.`);
  return parsed;
}

/** IPv4-mapped (RFC 4291) and the well-known prefix of NAT64 (RFC 6052). */
const carriers = once(() => ["::ffff:0:0/96", "64:ff9b::/96"].map(range));

/** The first that fits counts, so exceptions stand before the range they lie in. */
const KINDS: Readonly<Record<string, AddressKind>> = {
  // Metadata services: of Alibaba, Azure, Oracle, AWS and Google; the others are at 169.254.169.254.
  "100.100.100.200": "link-local",
  "168.63.129.16": "link-local",
  "192.0.0.192": "link-local",
  "fd00:ec2::254": "link-local",
  "fd20:ce::254": "link-local",
  "169.254.0.0/16": "link-local",
  "fe80::/10": "link-local",
  "127.0.0.0/8": "loopback",
  "::1": "loopback",
  "10.0.0.0/8": "private",
  "100.64.0.0/10": "private",
  "172.16.0.0/12": "private",
  "192.168.0.0/16": "private",
  "198.18.0.0/15": "private",
  "fc00::/7": "private",
  "fec0::/10": "private",
  "0.0.0.0/8": "reserved",
  "192.0.0.0/24": "reserved",
  "192.0.2.0/24": "reserved",
  "192.88.99.0/24": "reserved",
  "198.51.100.0/24": "reserved",
  "203.0.113.0/24": "reserved",
  "224.0.0.0/3": "reserved",
  // Teredo, ORCHID, benchmarks; documentation; 6to4: an IPv4 address hides in some of them.
  "2001::/23": "reserved",
  "2001:db8::/32": "reserved",
  "2002::/16": "reserved",
  "3fff::/20": "reserved",
  "2000::/3": "public",
};

const kinds = once(() => Object.entries(KINDS).map(([text, kind]) => [kind, range(text)] as const));
