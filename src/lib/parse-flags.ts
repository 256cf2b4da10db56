/**
 * Parsing of command-line flags by a table, with defaults from the environment.
 *
 * Every fault is reported, by name, in one go. A flag beats its environment variable, which beats
 * the default.
 */
import { FlagFault, flagName, type FlagTable, type FlagValues } from "./flags.ts";

export interface ParsedFlags<Table extends FlagTable> {
  readonly values: FlagValues<Table>;
  readonly positionals: readonly string[];
  /**
   * The keys that were given, one per occurrence: in the order of the command line, then those from
   * the environment. Each is one element of a repeatable flag's list.
   */
  readonly order: readonly string[];
  readonly faults: readonly string[];
}

/**
 * The same values given by a program instead of a person: each is held to what its flag accepts.
 * A name that is no flag is a fault, an undefined value is the default.
 */
export function checkValues<Table extends FlagTable>(
  table: Table,
  given: Readonly<Record<string, unknown>>,
): Pick<ParsedFlags<Table>, "values" | "faults"> {
  const faults = Object.keys(given)
    .filter((key) => !Object.hasOwn(table, key))
    .map((key) => `${key} is not an option`);
  const values: Record<string, unknown> = {};
  for (const [key, { fallback, parse, print = String }] of Object.entries(table)) {
    const value = given[key];
    try {
      const isUsual = value === undefined || value === fallback;
      values[key] = isUsual ? fallback : parse(print(value));
    } catch (error) {
      if (!(error instanceof FlagFault)) throw error;
      faults.push(`${key} ${error.message}`);
    }
  }
  return { values: values as FlagValues<Table>, faults };
}

interface Given {
  readonly key: string;
  readonly text: string;
  /** The flag or the variable it came from, for messages. */
  readonly source: string;
}

/** `env`: the environment to read defaults from, `prefix` that of its variables, as in `VOLLEY_`. */
export function parseFlags<Table extends FlagTable>(
  table: Table,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  prefix: string,
): ParsedFlags<Table> {
  const { faults, given, positionals } = readArguments(table, argv);
  const asked = new Set(given.map(({ key }) => key));
  const all = [
    ...given,
    ...Object.keys(table).flatMap((key) =>
      asked.has(key) ? [] : readVariable(table, key, env, variableName(prefix, key)),
    ),
  ];
  const values = Object.fromEntries(
    Object.entries(table).map(([key, flag]) => [key, flag.fallback]),
  );
  for (const { key, source, text } of all) {
    const flag = table[key];
    try {
      const value = flag?.parse(text);
      const isMore = flag?.repeatable && values[key] !== flag.fallback;
      values[key] = isMore ? [...(values[key] as unknown[]), ...(value as unknown[])] : value;
    } catch (error) {
      if (!(error instanceof FlagFault)) throw error;
      faults.push(`${source} ${error.message}`);
    }
  }
  const order = all.map(({ key }) => key);
  return { values: values as FlagValues<Table>, positionals, order, faults };
}

/**
 * `--name value`, `--name=value`, `--switch`, `-n value`, `-nvalue`; `--` ends the flags. The last
 * of several counts, unless the flag is repeatable.
 */
function readArguments(table: FlagTable, argv: readonly string[]) {
  const names = flagNames(table);
  const given: Given[] = [];
  const positionals: string[] = [];
  const faults: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      positionals.push(...rest);
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      positionals.push(word);
      continue;
    }
    const { inline, source } = splitWord(word, names);
    const key = names.get(source);
    if (key === undefined) {
      faults.push(`${source} is not a flag of this command; --help lists those that are`);
    } else if (table[key]?.placeholder === undefined) {
      given.push({ key, text: inline ?? "true", source });
    } else if (inline !== undefined) {
      given.push({ key, text: inline, source });
    } else if (rest[0] === undefined || rest[0].startsWith("--") || names.has(rest[0])) {
      faults.push(`${source} needs a value`);
    } else {
      given.push({ key, text: rest.shift() ?? "", source });
    }
  }
  return { faults, given: given.filter(isCounted(table, given)), positionals };
}

/** `-r` and `--reporter` to the key of their flag. */
function flagNames(table: FlagTable): Map<string, string> {
  return new Map(
    Object.entries(table).flatMap(([key, { short }]) => [
      [`--${flagName(key)}`, key],
      ...(short === undefined ? [] : ([[`-${short}`, key]] as [string, string][])),
    ]),
  );
}

function splitWord(
  word: string,
  names: ReadonlyMap<string, string>,
): { source: string; inline: string | undefined } {
  const equals = word.indexOf("=");
  const short = word.slice(0, 2);
  // `-rjunit`: what follows a known letter is its value, whatever it holds.
  if (names.has(short) && word.length > 2 && equals !== 2) {
    return { source: short, inline: word.slice(2) };
  }
  if (equals < 0) return { source: word, inline: undefined };
  return { source: word.slice(0, equals), inline: word.slice(equals + 1) };
}

/** Of a flag that is not repeatable, only the last occurrence. */
function isCounted(table: FlagTable, given: readonly Given[]): (one: Given) => boolean {
  const last = new Map(given.map((one) => [one.key, one]));
  return (one) => table[one.key]?.repeatable === true || last.get(one.key) === one;
}

/** A variable that stands for a repeatable flag holds words. */
function readVariable(
  table: FlagTable,
  key: string,
  env: Readonly<Record<string, string | undefined>>,
  source: string,
): Given[] {
  const text = env[source];
  if (text === undefined || text === "") return [];
  const texts = table[key]?.repeatable ? text.split(/\s+/).filter((word) => word !== "") : [text];
  return texts.map((one) => ({ key, text: one, source }));
}

function variableName(prefix: string, key: string): string {
  return prefix + flagName(key).replaceAll("-", "_").toUpperCase();
}
