/**
 * Kinds of command-line flags, the tables they stand in, and their help text.
 */

/** One flag; `parse` returns the value or throws a FlagFault that says what would be right. */
export interface Flag<Value> {
  /** What stands for the value in the help text; a flag without one is a switch. */
  readonly placeholder?: string;
  /** One letter: `-r` for `--reporter`. */
  readonly short?: string;
  /** The words that are accepted, if they are few. */
  readonly words?: readonly string[];
  /** What its value names on this machine, for the completion of a shell. */
  readonly names?: "file" | "folder";
  /** May be given more than once: `parse` returns a list, and the lists are joined. */
  readonly repeatable?: true;
  /** Known so that it can be refused, and not offered. */
  readonly hidden?: true;
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

/** What is wrong with a value; the flag or variable it came from is put before it. */
export class FlagFault extends Error {}

/** Columns that help texts keep to. */
const HELP_WIDTH = 100;
/** Of them for a description at least, however long the flags are. */
const LEAST_RIGHT = 40;

/** Lines for the help of a command: aligned, each flag on one line or more. */
export function describeFlags(table: FlagTable): string {
  const shorts = Object.values(table).some(({ short }) => short !== undefined);
  const rows = shownFlags(table).map(([key, { about, placeholder, short, shown }]) => ({
    left: [
      shorts ? (short === undefined ? "    " : `-${short}, `) : "",
      `--${flagName(key)}`,
      placeholder === undefined ? "" : ` ${placeholder}`,
    ].join(""),
    right: shown === undefined ? about : `${about} (default\u00a0${shown})`,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  const room = Math.max(LEAST_RIGHT, HELP_WIDTH - width - 4);
  const lines = rows.flatMap(({ left, right }) =>
    Bun.wrapAnsi(right, room)
      .replaceAll("\u00a0", " ")
      .split("\n")
      .map((line, index) => `  ${(index === 0 ? left : "").padEnd(width)}  ${line}`),
  );
  return lines.join("\n");
}

/** The flags that a person is told of, with their keys. */
export function shownFlags(table: FlagTable): [string, Flag<unknown>][] {
  return Object.entries(table).filter(([, { hidden }]) => !hidden);
}

/** A flag as it is written, without its dashes. */
export function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

interface Described<Value> {
  readonly short?: string;
  readonly names?: "file" | "folder";
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
    words,
    about,
    fallback: words[0],
    shown: words[0],
    parse: (value) =>
      words.find((word) => word === value) ??
      reject(`must be ${words.map((word) => `"${word}"`).join(" or ")}, not "${value}"`),
  };
}

/** One of many words, without a default. */
export function word<const Word extends string>(
  words: readonly Word[],
  described: Omit<Described<undefined>, "fallback">,
): Flag<Word | undefined> {
  return {
    placeholder: "NAME",
    ...described,
    words,
    fallback: undefined,
    parse: (value) =>
      words.find((one) => one === value) ??
      reject(`must be one of ${words.join(", ")}, not "${value}"`),
  };
}

/** Text of one shape. `expected`: what it must be, such as `a name`. */
export function shaped(
  described: Omit<Described<undefined>, "fallback"> & {
    readonly shape: RegExp;
    readonly expected: string;
  },
): Flag<string | undefined> {
  const { expected, shape, ...rest } = described;
  return {
    placeholder: "TEXT",
    ...rest,
    fallback: undefined,
    parse: (value) => (shape.test(value) ? value : reject(`must be ${expected}, not "${value}"`)),
  };
}

/** A URL that may hold a password: a fault does not repeat it. `example` says what is expected. */
export function secretUrl(
  described: Omit<Described<undefined>, "fallback"> & {
    /** Schemes, such as `https:`. */
    readonly schemes: readonly string[];
    readonly example: string;
  },
): Flag<string | undefined> {
  const { example, schemes, ...rest } = described;
  return {
    placeholder: "URL",
    ...rest,
    fallback: undefined,
    parse: (value) =>
      schemes.includes(URL.parse(value)?.protocol ?? "")
        ? value
        : reject(`must be a URL such as ${example}`),
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

/** Words between separators; empty ones do not count. `word`: tells whether one is right. */
export function list(
  described: Omit<Described<readonly string[]>, "fallback"> & {
    readonly separator: RegExp;
    readonly word: Pick<RegExp, "test">;
  },
): Flag<readonly string[]> {
  const { separator, word, ...rest } = described;
  return {
    placeholder: "LIST",
    ...rest,
    fallback: [],
    print: (value) => (Array.isArray(value) ? value.join(" ") : String(value)),
    parse: (value) => {
      const words = value.split(separator).filter((one) => one !== "");
      const wrong = words.find((one) => !word.test(one));
      return wrong === undefined ? words : reject(`must not hold "${wrong}"`);
    },
  };
}

/** The same flag without a default. */
export function optional<Value>(flag: Flag<Value>): Flag<Value | undefined> {
  const { shown: _, ...rest } = flag;
  return { ...rest, fallback: undefined };
}

/** The same flag, given as often as needed. */
export function many<Value>(flag: Flag<Value>): Flag<readonly Exclude<Value, undefined>[]> {
  const { parse, ...rest } = optional(flag);
  return {
    ...rest,
    fallback: [],
    repeatable: true,
    parse: (value) => [parse(value) as Exclude<Value, undefined>],
  };
}

/** A switch, off unless it is given: alone, or as a variable with a value. */
export function toggle(about: string): Flag<boolean> {
  return {
    about,
    fallback: false,
    parse: (value) => {
      if (value === "true" || value === "1") return true;
      if (value === "false" || value === "0") return false;
      return reject(`must be "true" or "false", not "${value}"`);
    },
  };
}

/** What somebody may well try, refused with a sentence that says why. The value is not shown. */
export function refused(why: string): Flag<undefined> {
  return {
    placeholder: "TEXT",
    about: why,
    fallback: undefined,
    hidden: true,
    parse: () => reject(why),
  };
}

/** Refuses the value that a flag's `parse` reads: the name of the flag is put before `message`. */
export function reject(message: string): never {
  throw new FlagFault(message);
}
