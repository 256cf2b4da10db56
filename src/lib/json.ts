/**
 * JSON from outside: parsed values are walked once, without recursion, before anything else
 * touches them.
 *
 * JSON.parse accepts a depth at which JSON.stringify overflows the stack, keys that reach a
 * prototype, characters that a database refuses, and numbers it silently changes.
 */
export const MAX_JSON_DEPTH = 32;

const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

export interface JsonFault {
  /** JSON Pointer (RFC 6901) to the value. */
  readonly path: string;
  readonly message: string;
}

interface Visit {
  readonly value: unknown;
  readonly depth: number;
  readonly parent: Visit | undefined;
  readonly key: string | number;
}

/** The first fault of a value that JSON.parse returned, or undefined if it is safe to keep. */
export function jsonFault(root: unknown): JsonFault | undefined {
  const stack: Visit[] = [{ value: root, depth: 0, parent: undefined, key: "" }];
  for (let visit = stack.pop(); visit; visit = stack.pop()) {
    const message = scalarFault(visit.value);
    if (message) return { path: pointer(visit), message };
    if (typeof visit.value !== "object" || visit.value === null) continue;
    const depth = visit.depth + 1;
    if (depth > MAX_JSON_DEPTH) {
      return { path: pointer(visit), message: `Nests deeper than ${MAX_JSON_DEPTH} levels.` };
    }
    const keys = Array.isArray(visit.value) ? visit.value.keys() : Object.keys(visit.value);
    for (const key of keys) {
      const child = { value: (visit.value as never)[key], depth, parent: visit, key };
      const fault = typeof key === "string" ? keyFault(key) : undefined;
      if (fault) return { path: pointer(child), message: fault };
      if (typeof child.value === "object" ? child.value !== null : scalarFault(child.value)) {
        stack.push(child);
      }
    }
  }
  return undefined;
}

function keyFault(key: string): string | undefined {
  if (FORBIDDEN_KEYS.has(key)) return `The key "${key}" is not allowed.`;
  return textFault(key);
}

function scalarFault(value: unknown): string | undefined {
  if (typeof value === "string") return textFault(value);
  if (typeof value !== "number" || Number.isSafeInteger(value)) return undefined;
  if (!Number.isFinite(value) || Number.isInteger(value)) {
    return "This number cannot be kept exactly; send it as a string.";
  }
  return undefined;
}

function textFault(text: string): string | undefined {
  if (text.includes("\0")) return "Contains the character U+0000.";
  return text.isWellFormed() ? undefined : "Contains half of a surrogate pair.";
}

function pointer(visit: Visit): string {
  const keys: string[] = [];
  for (let at: Visit | undefined = visit; at?.parent; at = at.parent) {
    keys.unshift(String(at.key).replaceAll("~", "~0").replaceAll("/", "~1"));
  }
  return keys.map((key) => `/${key}`).join("");
}

/** Whether arrays and objects nest deeper than MAX_JSON_DEPTH. */
export function nestsTooDeep(root: unknown): boolean {
  return nestsDeeperThan(root, MAX_JSON_DEPTH);
}

/** Recursive, but never deeper than `levels`. */
function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((entry) => nestsDeeperThan(entry, levels - 1));
}

/**
 * The same value with U+0000 and lone surrogates replaced by U+FFFD and forbidden keys dropped,
 * so that every store keeps it alike. Recursive: only for values that passed `nestsTooDeep`.
 */
export function cleanJson(value: unknown): unknown {
  if (typeof value === "string") return cleanText(value);
  if (Array.isArray(value)) return value.map(cleanJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !FORBIDDEN_KEYS.has(key))
      .map(([key, entry]) => [cleanText(key), cleanJson(entry)]),
  );
}

export function cleanText(text: string): string {
  return text.replaceAll("\0", "\ufffd").toWellFormed();
}
