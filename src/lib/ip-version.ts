/**
 * Whether a text is an IP address, as `node:net` tells it, without what that module brings along at
 * a start: all streams.
 */
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const GROUP = /^[0-9a-f]{1,4}$/i;
const GROUPS = 8;

export function isIp(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

/** Four decimal numbers, none with a zero before it. */
export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

/** A zone (`%eth0`) may follow. */
export function isIpv6(text: string): boolean {
  const [, address = "", zone] = /^([^%]*)(%.*)?$/.exec(text) ?? [];
  if (zone !== undefined && !ZONE.test(zone)) return false;
  const halves = address.split("::");
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1)?.at(-1) ?? "";
  // The last two groups may be written as an IPv4 address.
  const dotted = isIpv4(last);
  const words = groups.flat();
  const count = words.length + (dotted ? 1 : 0);
  const plain = dotted ? words.slice(0, -1) : words;
  if (!plain.every((group) => GROUP.test(group))) return false;
  return halves.length === 2 ? count < GROUPS : count === GROUPS;
}

const ZONE = /^%[0-9a-zA-Z-.:]+$/;
