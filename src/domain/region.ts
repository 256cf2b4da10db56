/**
 * Regions: the value of PLAYWRIGHT_RUNNERS, a JSON object from region name to runner endpoint.
 *
 * Parsed once, into a Map: a region named like a property of Object must not be found by accident.
 * Files that a region names are read then. Every fault is reported, each with the name it belongs
 * to, none with a token.
 */
import { readCertificates } from "../lib/pem.ts";
import { present } from "../lib/present.ts";

/** The region names of the API: safe in a URL, a file name and a metric label. */
export const REGION_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";

export const NOT_A_REGION =
  'Must be a region name: letters, digits, ".", "_" and "-", at most 63, beginning with a letter or digit.';

export interface Region {
  readonly name: string;
  /** Endpoint base without a trailing slash, such as `https://eu.example.com/api/runner`. */
  readonly url: string;
  /** Sent as a bearer token with each dispatch. */
  readonly token?: string;
  /** PEM text of the only authorities trusted to vouch for an https: endpoint. */
  readonly ca?: string;
}

export type Regions = ReadonlyMap<string, Region>;

export interface ParsedRegions {
  readonly regions: Regions;
  readonly faults: readonly string[];
}

const NAME = new RegExp(REGION_PATTERN);

/** Parses the JSON text of PLAYWRIGHT_RUNNERS. Never throws; a faulty entry is left out. */
export function parseRegions(json: string): ParsedRegions {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { regions: new Map(), faults: ["is not valid JSON"] };
  }
  return checkRegions(value);
}

/** The same for a value that was parsed already. */
export function checkRegions(value: unknown): ParsedRegions {
  const regions = new Map<string, Region>();
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { regions, faults: ["must be a JSON object from region name to endpoint URL"] };
  }
  const faults: string[] = [];
  // JSON.parse makes `__proto__` an own key, so it is seen here and refused by the pattern.
  for (const [index, [name, entry]] of Object.entries(value).entries()) {
    // A name and a URL the wrong way round: the URL may hold a password.
    const label = /[:@]/.test(name) ? `entry ${index + 1}` : `region ${JSON.stringify(name)}`;
    if (!NAME.test(name)) {
      faults.push(`${label} is not a region name (letters, digits, ".", "_", "-"; at most 63)`);
      continue;
    }
    const region = parseEntry(name, entry);
    if (typeof region === "string") faults.push(`${label} ${region}`);
    else regions.set(name, region);
  }
  return { regions, faults };
}

function parseEntry(name: string, entry: unknown): Region | string {
  if (typeof entry === "string") {
    const url = endpointUrl(entry);
    return "fault" in url ? url.fault : { name, url: url.base };
  }
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    return 'must be a URL or an object {"url", "token", "ca"}';
  }
  const { ca: file, url: text, token, ...rest } = entry as Record<string, unknown>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) return `has an unknown field ${JSON.stringify(unknown)}`;
  if (typeof text !== "string") return 'has no "url"';
  if (token !== undefined && (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token))) {
    return 'has a "token" that is not a non-empty string of visible ASCII characters';
  }
  const url = endpointUrl(text);
  if ("fault" in url) return url.fault;
  const ca = file === undefined ? undefined : authorities(file, url.base);
  if (ca && "fault" in ca) return `has a "ca" ${ca.fault}`;
  return { name, url: url.base, ...present({ token, ca: ca?.pem }) };
}

/** The certificates in the file that a region names as its authorities. */
function authorities(file: unknown, url: string): ReturnType<typeof readCertificates> {
  if (typeof file !== "string" || file === "") {
    return { fault: "that is not the path of a PEM file" };
  }
  if (!url.startsWith("https:")) return { fault: "for an endpoint that is not https:" };
  const read = readCertificates(file);
  return "fault" in read ? { fault: `whose file ${read.fault}` } : read;
}

/** Only plain http(s) bases: fetch would also open `file:` and `data:` URLs. */
function endpointUrl(text: string): { base: string } | { fault: string } {
  const url = URL.parse(text);
  if (!url) return { fault: "has an endpoint that is not an absolute URL" };
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return { fault: `has an endpoint of scheme "${url.protocol}", not http: or https:` };
  }
  if (url.username || url.password) {
    return { fault: 'has a user or password in its endpoint; use {"url", "token"} instead' };
  }
  // Looked for in the text: an empty fragment or query leaves no trace in the parsed URL.
  if (url.href.includes("#")) return { fault: "has an endpoint with a fragment" };
  if (url.href.includes("?")) return { fault: "has an endpoint with a query" };
  return { base: url.href.replace(/\/+$/, "") };
}
