/**
 * What the text of an endpoint's `/info` says. Pure. The endpoint is not trusted: what cannot be
 * used is left out, and what is kept is bounded and safe to store.
 */
import { cleanText, nestsTooDeep } from "../lib/json.ts";
import { present } from "../lib/present.ts";
import { oneLine } from "./refusal.ts";

const MAX_RUNNERS = 10_000;
const MAX_REGION = 128;
const MAX_VERSION = 64;

/** The names a request may have, so that nothing is listed which nobody can ask for. */
const RUNNER_NAME = /^[^\u0000-\u001f\u007f-\u009f]{1,128}$/;

/** Characters of all input schemas of an endpoint that are kept, as JSON. */
const MAX_SCHEMAS = 262_144;

/** Whatever an endpoint says is the schema of a runner's input. */
export type InputSchema = Readonly<Record<string, unknown>>;

export interface InfoAnswer {
  /** Absent if the endpoint does not tell. */
  readonly runners?: readonly string[];
  /** A digest of the input schema of each runner that has one: equal schemas, equal digests. */
  readonly schemas: ReadonlyMap<string, string>;
  /** The schemas themselves, as JSON Schema; those that are too large are left out. */
  readonly inputSchemas: Readonly<Record<string, InputSchema>>;
  /** The region the endpoint says it answers for. */
  readonly region?: string;
  readonly version?: string;
}

/** An endpoint of another kind may answer anything: it is there, and says nothing of itself. */
export function readInfo(text: string): InfoAnswer {
  const { inputSchemas, region, runners, version } = object(parse(text));
  return {
    schemas: schemaDigests(object(inputSchemas)),
    inputSchemas: keptSchemas(object(inputSchemas)),
    ...present({
      runners: Array.isArray(runners) ? names(runners) : undefined,
      region: said(region, MAX_REGION),
      version: said(version, MAX_VERSION),
    }),
  };
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return nestsTooDeep(value) ? undefined : value;
  } catch {
    return undefined;
  }
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function names(listed: readonly unknown[]): string[] {
  const usable = listed.filter((name) => typeof name === "string" && RUNNER_NAME.test(name));
  return [...new Set((usable as string[]).map(cleanText))].slice(0, MAX_RUNNERS);
}

function said(value: unknown, max: number): string | undefined {
  return typeof value === "string" ? cleanText(oneLine(value, max)) || undefined : undefined;
}

function keptSchemas(schemas: Readonly<Record<string, unknown>>): Record<string, InputSchema> {
  let room = MAX_SCHEMAS;
  return Object.fromEntries(
    Object.entries(schemas).flatMap(([name, schema]) => {
      if (!RUNNER_NAME.test(name) || typeof schema !== "object" || schema === null) return [];
      const { length } = JSON.stringify(schema);
      if (length > room) return [];
      room -= length;
      return [[cleanText(name), object(schema)]];
    }),
  );
}

function schemaDigests(schemas: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(schemas).map(([name, schema]) => {
      const text = JSON.stringify(inOneOrder(schema));
      return [name, new Bun.CryptoHasher("sha256").update(text).digest("base64")];
    }),
  );
}

/** The same value with the keys of its objects in one order, whoever wrote it. */
function inOneOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOneOrder);
  if (typeof value !== "object" || value === null) return value;
  const sorted = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, entry]) => [key, inOneOrder(entry)]));
}
