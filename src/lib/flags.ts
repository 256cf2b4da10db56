/**
 * Command-line flags from a table: parsing, defaults from the environment, help text.
 *
 * Every fault is reported, by name, in one go. A flag beats its environment variable, which beats
 * the default.
 */
/** One flag; `parse` returns the value or throws a FlagFault that says what would be right. */
export interface Flag<Value> {
  readonly placeholder?: string;
  readonly about: string;
  readonly fallback: Value;
  /** How the default reads in the help text; absent when there is none to show. */
  readonly shown?: string;
  readonly parse: (text: string) => Value;
  /** The value as `parse` reads it, if that is not simply its text. */
  readonly print?: (value: unknown) => string;
}

export type FlagTable = Readonly<Record<string, Flag<unknown>>>;
export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Flag<infer Value> ? Value : never;
};

export interface ParsedFlags<Table extends FlagTable> {
  readonly values: FlagValues<Table>;
  readonly positionals: readonly string[];
  readonly faults: readonly string[];
}

class FlagFault extends Error {}

/**
 * The same values given by a program instead of a person: each is held to what its flag accepts.
 * A name that is no flag is a fault, an undefined value is the default.
 */
export function checkValues<Table extends FlagTable>(
  table: Table,
  given: Readonly<Record<string, unknown>>,
): Omit<ParsedFlags<Table>, "positionals"> {
  const faults = Object.keys(given)
    .filter((key) => !Object.hasOwn(table, key))
    .map((key) => `${key} is not an option`);
  const values: Record<string, unknown> = {};
  for (const [key, { fallback, parse, print = String }] of Object.entries(table)) {
    const value = given[key];
    try {
      values[key] = value === undefined ? fallback : parse(print(value));
    } catch (error) {
      if (!(error instanceof FlagFault)) throw error;
      faults.push(`${key} ${error.message}`);
    }
  }
  return { values: values as FlagValues<Table>, faults };
}

interface Given {
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
  const values: Record<string, unknown> = {};
  for (const [key, flag] of Object.entries(table)) {
    const found = given.get(key) ?? readVariable(env, variableName(prefix, key));
    try {
      values[key] = found ? flag.parse(found.text) : flag.fallback;
    } catch (error) {
      if (!(error instanceof FlagFault)) throw error;
      faults.push(`${found?.source} ${error.message}`);
    }
  }
  return { values: values as FlagValues<Table>, positionals, faults };
}

/** `--name value`, `--name=value`, `--switch`; `--` ends the flags. The last of several counts. */
function readArguments(table: FlagTable, argv: readonly string[]) {
  const names = new Map(Object.keys(table).map((key) => [`--${flagName(key)}`, key]));
  const given = new Map<string, Given>();
  const positionals: string[] = [];
  const faults: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") return { faults, given, positionals: [...positionals, ...rest] };
    if (!word.startsWith("-") || word === "-") {
      positionals.push(word);
      continue;
    }
    const [source = word, ...inline] = word.split("=");
    const key = names.get(source);
    if (key === undefined) {
      faults.push(`${source} is not a flag of this command`);
    } else if (table[key]?.placeholder === undefined) {
      given.set(key, { text: inline.length > 0 ? inline.join("=") : "true", source });
    } else if (inline.length > 0) {
      given.set(key, { text: inline.join("="), source });
    } else if (rest[0] === undefined || rest[0].startsWith("--")) {
      faults.push(`${source} needs a value`);
    } else {
      given.set(key, { text: rest.shift() ?? "", source });
    }
  }
  return { faults, given, positionals };
}

function readVariable(
  env: Readonly<Record<string, string | undefined>>,
  source: string,
): Given | undefined {
  const text = env[source];
  return text === undefined || text === "" ? undefined : { text, source };
}

/** Lines for the help of a command: one per flag, aligned. */
export function describeFlags(table: FlagTable): string {
  const rows = Object.entries(table).map(([key, { placeholder, about, shown }]) => ({
    left: placeholder === undefined ? `--${flagName(key)}` : `--${flagName(key)} ${placeholder}`,
    right: shown === undefined ? about : `${about} (default ${shown})`,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}

function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function variableName(prefix: string, key: string): string {
  return prefix + flagName(key).replaceAll("-", "_").toUpperCase();
}

interface Described<Value> {
  readonly about: string;
  readonly fallback: Value;
  readonly placeholder?: string;
}

export function text<Fallback extends string | undefined>(
  described: Described<Fallback>,
): Flag<string | Fallback> {
  const { fallback } = described;
  return {
    placeholder: "TEXT",
    ...described,
    ...(fallback === undefined ? {} : { shown: fallback }),
    parse: (value) => value || reject("must not be empty"),
  };
}

export function integer(
  described: Described<number> & { readonly min: number; readonly max: number },
): Flag<number> {
  const { fallback, max, min } = described;
  return {
    placeholder: "N",
    ...described,
    shown: String(fallback),
    parse: (value) => {
      const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
      if (number >= min && number <= max) return number;
      return reject(`must be an integer from ${min} to ${max}, not "${value}"`);
    },
  };
}

/** One of a few words; the first is the default. */
export function choice<const Word extends string>(
  words: readonly [Word, ...Word[]],
  about: string,
): Flag<Word> {
  return {
    placeholder: words.join("|"),
    about,
    fallback: words[0],
    shown: words[0],
    parse: (value) =>
      words.find((word) => word === value) ??
      reject(`must be ${words.map((word) => `"${word}"`).join(" or ")}, not "${value}"`),
  };
}

/** A limit that is off unless it is given; `off` turns it off explicitly. */
export function offByDefault<Value>(flag: Flag<Value>): Flag<Value | undefined> {
  return {
    ...flag,
    fallback: undefined,
    shown: "off",
    parse: (value) => (value === "off" ? undefined : flag.parse(value)),
  };
}

const DURATION_UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds, written `250ms`, `30s`, `5m`, `1h` or `30d`. */
export function duration(
  described: Described<number> & { readonly min: string; readonly max: string; shown: string },
): Flag<number> {
  const { max, min } = described;
  return {
    placeholder: "TIME",
    ...described,
    print: (ms) => `${String(ms)}ms`,
    parse: (value) => {
      const ms = milliseconds(value);
      if (ms >= milliseconds(min) && ms <= milliseconds(max)) return ms;
      return reject(
        `must be a duration from ${min} to ${max} such as 250ms or 30s, not "${value}"`,
      );
    },
  };
}

/** A duration as milliseconds; NaN for what is none. */
export function milliseconds(value: string): number {
  const [, digits, unit] = /^(\d{1,13})(ms|s|m|h|d)$/.exec(value) ?? [];
  return digits && unit ? Number(digits) * DURATION_UNITS[unit as "ms"] : NaN;
}

const BYTE_UNITS = { "": 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** Bytes, written `1048576`, `512KiB` or `4MiB`. */
export function bytes(
  described: Described<number> & { readonly max: number; readonly shown: string },
): Flag<number> {
  const { max } = described;
  return {
    placeholder: "SIZE",
    ...described,
    parse: (value) => {
      const [, digits, unit = ""] = /^(\d{1,12})(KiB|MiB|GiB)?$/.exec(value) ?? [];
      const size = Number(digits) * BYTE_UNITS[unit as ""];
      if (size >= 1 && size <= max) return size;
      return reject(`must be a size up to ${max} bytes such as 512KiB or 4MiB, not "${value}"`);
    },
  };
}

/** Words between separators; empty ones do not count. `word`: what each must look like. */
export function list(
  described: Omit<Described<readonly string[]>, "fallback"> & {
    readonly separator: RegExp;
    readonly word: RegExp;
  },
): Flag<readonly string[]> {
  const { separator, word, ...rest } = described;
  return {
    placeholder: "LIST",
    ...rest,
    fallback: [],
    parse: (value) => {
      const words = value.split(separator).filter((one) => one !== "");
      const wrong = words.find((one) => !word.test(one));
      return wrong === undefined ? words : reject(`must not hold "${wrong}"`);
    },
  };
}

function reject(message: string): never {
  throw new FlagFault(message);
}
