/**
 * Keys that JSON text gives more than once in one object: JSON.parse silently keeps the last value
 * of each, so that whoever wrote the others is never told.
 */

export interface RepeatedKey {
  /** The keys that lead to it from the outermost value, itself the last; elements of arrays do not count. */
  readonly path: readonly string[];
  readonly times: number;
}

interface Level {
  readonly path: readonly string[];
  /** How often each key was there; of an array none ever is. */
  readonly keys: Map<string, number>;
  /** The last key read: what an object or array that begins now is the value of. */
  last: string | undefined;
}

/** A string, with the colon that makes it a key; or the begin or end of an object or array. */
const TOKEN = /("[^"\\]*(?:\\.[^"\\]*)*")(?:\s*(:))?|[{}[\]]/g;

/** Repeated keys of text that JSON.parse accepts, inner objects first. */
export function repeatedKeys(json: string): RepeatedKey[] {
  const repeated: RepeatedKey[] = [];
  const levels: Level[] = [];
  for (const [token, text, colon] of json.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === "{" || token === "[") {
      const path = [...(level?.path ?? []), ...(level?.last === undefined ? [] : [level.last])];
      levels.push({ path, keys: new Map(), last: undefined });
    } else if (token === "}" || token === "]") {
      levels.pop();
      for (const [key, times] of level?.keys ?? []) {
        if (times > 1) repeated.push({ path: [...(level?.path ?? []), key], times });
      }
    } else if (text !== undefined && colon !== undefined && level) {
      level.last = JSON.parse(text) as string;
      level.keys.set(level.last, (level.keys.get(level.last) ?? 0) + 1);
    }
  }
  return repeated;
}
