/**
 * JSON from outside: parsed values are walked once, with bounded recursion, before anything else
 * touches them.
 *
 * JSON.parse accepts a depth at which JSON.stringify overflows the stack, keys that reach a
 * prototype, characters that a database refuses, and numbers it silently changes.
 */
export const MAX_JSON_DEPTH = 32;
/** Of one string of a request, a key of an object included; as UTF-8. */
const MAX_STRING_BYTES = 65_536;

const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

export interface JsonFault {
  /** JSON Pointer (RFC 6901) to the value. */
  readonly path: string;
  readonly message: string;
}

/** A fault and the way to it, from the inside out. */
interface Found {
  readonly message: string;
  readonly way: (string | number)[];
}

/**
 * The first fault of a value that JSON.parse returned, or undefined if it is safe to keep. `source`:
 * the text it was parsed from, decoded from valid UTF-8. Only by an escape can a character get into
 * such text that is refused here; where there is none, no string has to be looked through.
 */
export function jsonFault(root: unknown, source?: string): JsonFault | undefined {
  const escapes = source?.includes("\\u") ?? true;
  const found = findFault(root, MAX_JSON_DEPTH, escapes);
  return found && { path: pointer(found.way.toReversed()), message: found.message };
}

/** Recursive, but never deeper than `levels`; allocates nothing unless there is a fault. */
function findFault(value: unknown, levels: number, escapes: boolean): Found | undefined {
  if (typeof value === "string") return found(textFault(value, escapes));
  if (typeof value !== "object" || value === null) return found(numberFault(value));
  if (levels === 0) return found(`Nests deeper than ${MAX_JSON_DEPTH} levels.`);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const fault = findFault(value[index], levels - 1, escapes);
      if (fault) return within(fault, index);
    }
    return undefined;
  }
  // What was parsed inherits nothing that could be enumerated.
  for (const key in value) {
    // Its own path would repeat it.
    if (isTooLarge(key)) return found(LARGE);
    const fault =
      found(keyFault(key, escapes)) ?? findFault((value as never)[key], levels - 1, escapes);
    if (fault) return within(fault, key);
  }
  return undefined;
}

function found(message: string | undefined): Found | undefined {
  return message === undefined ? undefined : { message, way: [] };
}

function within(fault: Found, key: string | number): Found {
  fault.way.push(key);
  return fault;
}

function keyFault(key: string, escapes: boolean): string | undefined {
  if (FORBIDDEN_KEYS.has(key)) return `The key "${key}" is not allowed.`;
  return textFault(key, escapes);
}

function numberFault(value: unknown): string | undefined {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return undefined;
  if (!Number.isFinite(value) || Number.isInteger(value)) {
    return "This number cannot be kept exactly; send it as a string.";
  }
  return undefined;
}

const LARGE = `Contains a string larger than ${MAX_STRING_BYTES / 1024} KiB.`;

function isTooLarge(text: string): boolean {
  // A unit of UTF-16 has three bytes at most: few strings have to be measured.
  return text.length * 3 > MAX_STRING_BYTES && Buffer.byteLength(text) > MAX_STRING_BYTES;
}

function textFault(text: string, escapes: boolean): string | undefined {
  if (isTooLarge(text)) return LARGE;
  if (!escapes) return undefined;
  if (text.includes("\0")) return "Contains the character U+0000.";
  return text.isWellFormed() ? undefined : "Contains half of a surrogate pair.";
}

function pointer(keys: readonly (string | number)[]): string {
  return keys.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Whether arrays and objects nest deeper than MAX_JSON_DEPTH. */
export function nestsTooDeep(root: unknown): boolean {
  return nestsDeeperThan(root, MAX_JSON_DEPTH);
}

/** Recursive, but never deeper than `levels`. */
function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => nestsDeeperThan(item, levels - 1));
  for (const key of Object.keys(value)) {
    if (nestsDeeperThan((value as never)[key], levels - 1)) return true;
  }
  return false;
}

/**
 * The same value with U+0000 and lone surrogates replaced by U+FFFD and forbidden keys dropped,
 * so that every store keeps it alike. Recursive: only for values that passed `nestsTooDeep`.
 */
export function cleanJson(value: unknown): unknown {
  return isClean(value) ? value : cleaned(value);
}

function cleaned(value: unknown): unknown {
  if (typeof value === "string") return cleanText(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !FORBIDDEN_KEYS.has(key))
      .map(([key, entry]) => [cleanText(key), cleaned(entry)]),
  );
}

/** Whether there is nothing to clean: almost always, so nothing is copied to find out. */
function isClean(value: unknown): boolean {
  if (typeof value === "string") return isCleanText(value);
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isClean);
  for (const key of Object.keys(value)) {
    if (FORBIDDEN_KEYS.has(key) || !isCleanText(key)) return false;
    if (!isClean((value as never)[key])) return false;
  }
  return true;
}

function isCleanText(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

export function cleanText(text: string): string {
  return isCleanText(text) ? text : text.replaceAll("\0", "\ufffd").toWellFormed();
}
