/**
 * Receivers: which URLs callbacks may go to. By default https to public addresses; whatever else
 * an operator wants reached is allowed by name or by range of addresses.
 *
 * A name proves nothing: what counts is the address that is dialled, so each address a name
 * resolves to is judged. Multicast, unspecified and other reserved addresses are never dialled.
 */
import {
  type Address,
  type AddressKind,
  addressKind,
  type AddressRange,
  isWithin,
  parseAddress,
  parseRange,
} from "../lib/ip-address.ts";

const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;
const LOOPBACK: Address = [127, 0, 0, 1];

const SHOWN: Readonly<Record<AddressKind, string>> = {
  public: "a public address",
  private: "a private address",
  loopback: "a loopback address",
  "link-local": "a link-local or metadata address",
  reserved: "an address that no host has",
};

export class Receivers {
  readonly #names: ReadonlySet<string>;
  readonly #ranges: readonly AddressRange[];

  /** `allowed`: host names, addresses and ranges; what `isReceiver` refuses is no receiver. */
  constructor(allowed: readonly string[]) {
    this.#ranges = allowed.flatMap((word) => parseRange(unbracketed(word)) ?? []);
    this.#names = new Set(allowed.map((word) => word.toLowerCase()));
  }

  /** Why the URL cannot be called, as far as its text tells; undefined if it may be. */
  readonly refusal = (text: string): string | undefined => {
    const url = URL.parse(text);
    if (!url) return "Is not a valid URL.";
    if (url.protocol !== "https:" && url.protocol !== "http:")
      return "Must be https:// or http://.";
    if (url.username || url.password) return "Must not hold a user or password.";
    if (url.href.includes("#")) return "Must not hold a fragment.";
    const host = hostOf(url);
    const address = isLoopbackName(host) ? LOOPBACK : parseAddress(host);
    if (address) return this.addressRefusal(url, address);
    const openQuestion = url.protocol === "https:" || this.#ranges.length > 0;
    return openQuestion || this.#names.has(host) ? undefined : PLAIN_HTTP;
  };

  /** Why the URL must not be called at this address; undefined if it may be. */
  addressRefusal(url: URL, address: Address): string | undefined {
    const kind = addressKind(address);
    const allowed = this.#allows(hostOf(url), address, kind);
    if (kind !== "public" && !allowed) return `Leads to ${SHOWN[kind]}, which is not allowed.`;
    return allowed || url.protocol === "https:" ? undefined : PLAIN_HTTP;
  }

  /** A name opens the networks of an operator, a range also what lies beside a single machine. */
  #allows(host: string, address: Address, kind: AddressKind): boolean {
    if (kind === "reserved") return false;
    if (this.#ranges.some((range) => isWithin(address, range))) return true;
    return kind !== "link-local" && this.#names.has(host);
  }
}

const PLAIN_HTTP = "Must be https://; http:// is for hosts that the server's operator allowed.";

/** Whether a word of `--allow-callback-hosts` is a host name, an address or a range. */
export function isReceiver(word: string): boolean {
  const bare = unbracketed(word);
  if (/^[\d.]+$/.test(bare) || /[/:]/.test(bare)) return parseRange(bare) !== undefined;
  return HOST_NAME.test(word.toLowerCase());
}

/** The host as names are compared: without the dot that a full name may end with. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/\.$/, "");
}

/** Such names are never asked of a resolver elsewhere (RFC 6761). */
function isLoopbackName(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}

function unbracketed(word: string): string {
  return word.replace(/^\[(.*)\]$/, "$1");
}
