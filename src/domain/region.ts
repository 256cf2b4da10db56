/**
 * Regions: the value of PLAYWRIGHT_RUNNERS or the text of a regions file, a JSON object from region
 * name to runner endpoint.
 *
 * Parsed once, into a Map: a region named like a property of Object must not be found by accident.
 * Files that a region names are read then. Every fault is reported, each with the name it belongs
 * to, none with a token.
 */
import { isAbsolute, join } from "node:path";

import { readCertificates } from "../lib/pem.ts";
import { present } from "../lib/present.ts";
import { repeatedKeys } from "../lib/repeated-keys.ts";
import type { ReadSecret, SecretText } from "../lib/secret-source.ts";
import {
  NOT_A_SIGNING_SECRET,
  parseSigningKeys,
  type SigningKeys,
  writtenKeys,
} from "../lib/signature.ts";

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
  /** Each dispatch is signed with these. */
  readonly signingKeys?: SigningKeys;
}

export type Regions = ReadonlyMap<string, Region>;

export interface ParsedRegions {
  readonly regions: Regions;
  readonly faults: readonly string[];
}

/** A region as an object: at most one of each kind of secret. */
export interface GivenRegion {
  readonly url: string;
  readonly token?: string;
  readonly tokenEnv?: string;
  readonly tokenFile?: string;
  readonly signingSecretEnv?: string;
  readonly signingSecretFile?: string;
  readonly ca?: string;
}

/** Every secret that the regions hold, as it is written. */
export function secretsOfRegions(regions: Regions): string[] {
  return Array.from(regions.values()).flatMap(({ signingKeys = [], token }) => [
    ...(token === undefined ? [] : [token]),
    ...writtenKeys(signingKeys),
  ]);
}

const NAME = new RegExp(REGION_PATTERN);

/**
 * Parses regions as JSON text. Never throws; a faulty entry is left out. `readSecret`: looks up
 * what entries refer to. `folder`: where the relative paths of files in them start.
 */
export function parseRegions(json: string, readSecret: ReadSecret, folder = ""): ParsedRegions {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { regions: new Map(), faults: ["is not valid JSON"] };
  }
  const { faults, regions } = checkRegions(value, readSecret, folder);
  return { regions, faults: [...repetitions(json, value), ...faults] };
}

/** What the text gives more than once, of which the value holds the last only. */
function repetitions(json: string, value: unknown): string[] {
  if (!isObject(value)) return [];
  const names = Object.keys(value);
  return repeatedKeys(json).map(({ path: [name = "", ...fields], times }) => {
    const label = labelOf(name, names.indexOf(name));
    const often = times === 2 ? "twice" : `${times} times`;
    return fields.length === 0
      ? `${label} is there ${often}`
      : `${label} has ${JSON.stringify(fields.join("."))} ${often}`;
  });
}

/** The same for a value that was parsed already. */
export function checkRegions(value: unknown, readSecret: ReadSecret, folder = ""): ParsedRegions {
  const regions = new Map<string, Region>();
  if (!isObject(value)) {
    return { regions, faults: ["must be a JSON object from region name to endpoint URL"] };
  }
  const faults: string[] = [];
  const read: ReadSecret = (source) =>
    readSecret("file" in source ? { file: below(folder, source.file) } : source);
  // JSON.parse makes `__proto__` an own key, so it is seen here and refused by the pattern.
  for (const [index, [name, entry]] of Object.entries(value).entries()) {
    const label = labelOf(name, index);
    if (!NAME.test(name)) {
      faults.push(`${label} is not a region name (letters, digits, ".", "_", "-"; at most 63)`);
      continue;
    }
    const region = parseEntry(name, entry, read, folder);
    if (typeof region === "string") faults.push(`${label} ${region}`);
    else regions.set(name, region);
  }
  // One order wherever regions are listed: that of a comparison.
  return { regions: new Map([...regions].toSorted(([a], [b]) => (a < b ? -1 : 1))), faults };
}

/** Whether a token itself stands in JSON text that was parsed without a fault. */
export function writesToken(json: string): boolean {
  return Object.values(JSON.parse(json) as object).some(
    (entry) => isObject(entry) && "token" in entry,
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a fault calls an entry. A name and a URL the wrong way round: the URL may hold a password. */
function labelOf(name: string, index: number): string {
  return /[:@]/.test(name) ? `entry ${index + 1}` : `region ${JSON.stringify(name)}`;
}

function below(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function parseEntry(
  name: string,
  entry: unknown,
  readSecret: ReadSecret,
  folder: string,
): Region | string {
  if (typeof entry === "string") {
    const url = endpointUrl(entry);
    return "fault" in url ? url.fault : { name, url: url.base };
  }
  if (!isObject(entry)) return 'must be a URL or an object {"url", "token", "ca"}';
  const unknown = Object.keys(entry).find((key) => !FIELDS.has(key));
  if (unknown !== undefined) return `has an unknown field ${JSON.stringify(unknown)}`;
  if (typeof entry["url"] !== "string") return 'has no "url"';
  const credentials = parseCredentials(entry, readSecret);
  if (typeof credentials === "string") return credentials;
  const url = endpointUrl(entry["url"]);
  if ("fault" in url) return url.fault;
  const { ca: file } = entry;
  const ca = file === undefined ? undefined : authorities(file, url.base, folder);
  if (ca && "fault" in ca) return `has a "ca" ${ca.fault}`;
  return { name, url: url.base, ...credentials, ...present({ ca: ca?.pem }) };
}

/** `tokenEnv` and its like name a variable or a file that holds the secret. */
const FIELDS: ReadonlySet<string> = new Set([
  "url",
  "ca",
  "token",
  "tokenEnv",
  "tokenFile",
  "signingSecretEnv",
  "signingSecretFile",
]);

type Credentials = Pick<Region, "token" | "signingKeys">;

function parseCredentials(
  fields: Readonly<Record<string, unknown>>,
  readSecret: ReadSecret,
): Credentials | string {
  const token = namedSecret("token", fields, readSecret);
  if (token && "fault" in token) return token.fault;
  if (token && !/^[\x21-\x7e]+$/.test(token.value)) {
    return 'has a "token" that is not a non-empty string of visible ASCII characters';
  }
  const secret = namedSecret("signingSecret", fields, readSecret);
  if (secret && "fault" in secret) return secret.fault;
  const signingKeys = secret && parseSigningKeys(secret.value);
  if (secret && !signingKeys) return `has a signing secret that ${NOT_A_SIGNING_SECRET}`;
  return present({ token: token?.value, signingKeys });
}

/** The secret that `name`, `nameEnv` or `nameFile` gives; undefined if none of them is there. */
function namedSecret(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  readSecret: ReadSecret,
): SecretText | undefined {
  const given = [name, `${name}Env`, `${name}File`].filter((field) => field in fields);
  const [field, other] = given;
  if (field === undefined) return undefined;
  if (other !== undefined) return { fault: `has both "${field}" and "${other}"` };
  const text = fields[field];
  if (typeof text !== "string" || text === "") {
    return { fault: `has a "${field}" that is not a non-empty string` };
  }
  if (field === name) return { value: text };
  const read = readSecret(field.endsWith("Env") ? { env: text } : { file: text });
  return "fault" in read ? { fault: `has a "${field}" that cannot be used: ${read.fault}` } : read;
}

/** The certificates in the file that a region names as its authorities. */
function authorities(
  file: unknown,
  url: string,
  folder: string,
): ReturnType<typeof readCertificates> {
  if (typeof file !== "string" || file === "") {
    return { fault: "that is not the path of a PEM file" };
  }
  if (!url.startsWith("https:")) return { fault: "for an endpoint that is not https:" };
  const read = readCertificates(below(folder, file));
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
