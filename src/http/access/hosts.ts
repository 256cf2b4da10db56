/**
 * The Host header against an allowlist: a page whose name was made to resolve to this server
 * (DNS rebinding) sends its own name, and gets nothing.
 *
 * An IP address needs no list: a page that asks for one by its address has that address for its
 * origin.
 */
import { AppError } from "../../domain/errors.ts";
import { isIp } from "../../lib/ip-version.ts";

const LONGEST_NAME = 253;
/** Most values of the header that are remembered; a server is known by few. */
const MOST_KNOWN = 100;

/**
 * A check that throws AppError `unknown_host` unless the request names an IP address, localhost or
 * one of `names`. A request without the header is no browser's.
 */
export function hostCheck(names: readonly string[]): (headers: Headers) => void {
  const allowed = new Set(["localhost", ...names.map((name) => name.toLowerCase())]);
  const accepted = new Set<string>();
  return (headers) => {
    const host = headers.get("host");
    if (host === null || accepted.has(host)) return;
    const name = hostName(host);
    if (allowed.has(name) || isIp(name)) {
      if (accepted.size < MOST_KNOWN) accepted.add(host);
      return;
    }
    throw new AppError(
      "unknown_host",
      `This server does not answer to the name "${host.slice(0, LONGEST_NAME)}"; --allowed-hosts adds it.`,
    );
  };
}

/** Without port, brackets and the dot of the root, in lower case. */
function hostName(host: string): string {
  const [, address, name = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host) ?? [];
  return (address ?? name.replace(/\.$/, "")).toLowerCase();
}
