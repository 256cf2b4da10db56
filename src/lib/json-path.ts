/**
 * JSON paths: the part of RFC 9535 that names fields, such as `details.items[*].id` or
 * `$.details["a.b"]`. `*` stands for every field or every element.
 */

/** The name of a field, the index of an element, or each of them. */
export type PathSegment = string | number | typeof EVERY;
export type JsonPath = readonly PathSegment[];

export const EVERY = Symbol("every");

const NAME = /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*/y;
const BRACKET = /\[(?:(\*)|(\d{1,9})|("(?:[^"\\]|\\.)*")|'([^'\\]*)')\]/y;

/** The path, or in words what is wrong with it. */
export function parseJsonPath(text: string): { path: JsonPath } | { fault: string } {
  const path: PathSegment[] = [];
  let at = /^\$(?=[.[])/.test(text) ? 1 : 0;
  while (at < text.length) {
    const bracket = match(BRACKET, text, at);
    if (bracket) {
      const segment = bracketSegment(bracket);
      if (segment === undefined) return { fault: `Has a faulty string at character ${at + 1}.` };
      path.push(segment);
      at += bracket[0].length;
      continue;
    }
    const dotted = text[at] === ".";
    if (dotted) at++;
    if (!dotted && at > 0) return { fault: unreadable(text, at) };
    const name = match(NAME, text, at);
    if (name) path.push(name[0]);
    else if (dotted && text[at] === "*") path.push(EVERY);
    else return { fault: unreadable(text, at) };
    at += name?.[0].length ?? 1;
  }
  return path.length > 0 ? { path } : { fault: "Is empty." };
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function bracketSegment([, every, index, quoted, name]: RegExpExecArray): PathSegment | undefined {
  if (every !== undefined) return EVERY;
  if (index !== undefined) return Number(index);
  if (quoted === undefined) return name;
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}

function unreadable(text: string, at: number): string {
  const where = at < text.length ? `at character ${at + 1}` : "at its end";
  return `Cannot be read ${where}; write a path such as details.items[*].id.`;
}

/** The path of a field or element below `path`, as text. */
export function pathBelow(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  NAME.lastIndex = 0;
  const plain = NAME.exec(key)?.[0] === key;
  return plain ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

/**
 * The value without what the paths name; the value itself if they name nothing in it. An element
 * leaves a hole, so that the others keep their places.
 */
export function withoutPaths(value: unknown, paths: readonly JsonPath[]): unknown {
  if (paths.length === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    return value.map((element: unknown, index) => withoutPath(element, below(paths, index)));
  }
  const entries = Object.entries(value).map(
    ([key, entry]) => [key, withoutPath(entry, below(paths, key))] as const,
  );
  return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined));
}

function withoutPath(value: unknown, paths: readonly JsonPath[]): unknown {
  return paths.some((path) => path.length === 0) ? undefined : withoutPaths(value, paths);
}

/** What is left of the paths that lead through this key. */
function below(paths: readonly JsonPath[], key: string | number): JsonPath[] {
  return paths.filter(([first]) => first === EVERY || first === key).map((path) => path.slice(1));
}
