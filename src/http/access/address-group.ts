/** Client addresses as they are handed out: one IPv4 address, or an IPv6 network of 64 bits. */
import { isIpv6 } from "../../lib/ip-version.ts";

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

export function addressGroup(address: string): string {
  const [, mapped] = MAPPED.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  if (!isIpv6(address)) return address;
  const [head = "", tail] = address.split("%", 1).join("").toLowerCase().split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => "0");
  const words = tail === undefined ? first : [...first, ...zeros, ...last];
  return `${words.slice(0, 4).join(":")}::/64`;
}
