/**
 * Redactor: takes secrets out of whatever is kept, logged or shown: values it knows, wherever they
 * stand in a text, and values it does not know under names that say what they are.
 *
 * What was hidden stays hidden however it is spelt: escaped as in JSON or a URL, or cut off where a
 * text was clipped.
 */
import { nestsTooDeep } from "./json.ts";
import { REDACTED } from "./secrets.ts";

/** Shorter values are no secrets, and would be found in text that has nothing to do with them. */
const MIN_SECRET = 6;

const MAX_NAMES = 1_000;

export interface RedactorOptions {
  /**
   * What secret names end with, compared without case, `-` and `_`: `api_key` also means `apiKey` and
   * `X-API-KEY`.
   */
  readonly keys: readonly string[];
  /** Secrets as they are. */
  readonly values?: readonly string[];
}

export class Redactor {
  readonly #options: Required<RedactorOptions>;
  readonly #keys: readonly string[];
  /** What was found out about names: the same ones come all the time. */
  readonly #names = new Map<string, boolean>();
  readonly #values: readonly string[];
  /** Every way to write the values, the longest first: one may be part of another. */
  readonly #spellings: readonly string[];

  constructor({ keys, values = [] }: RedactorOptions) {
    this.#options = { keys, values };
    this.#keys = [...new Set(keys.map(plainKey))];
    this.#values = values.filter((value) => value.length >= MIN_SECRET);
    const spellings = new Set(this.#values.flatMap(spellingsOf));
    this.#spellings = [...spellings].toSorted((a, b) => b.length - a.length);
  }

  /** The same for more values. */
  with(values: readonly string[]): Redactor {
    if (values.length === 0) return this;
    return new Redactor({ ...this.#options, values: [...this.#options.values, ...values] });
  }

  /** Whether a field of this name holds a secret. */
  isSecretKey(name: string): boolean {
    if (this.#keys.length === 0) return false;
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const plain = plainKey(name);
    const secret = this.#keys.some((key) => plain.endsWith(key));
    if (this.#names.size >= MAX_NAMES) this.#names.clear();
    this.#names.set(name, secret);
    return secret;
  }

  #isSecret(key: string, entry: unknown): boolean {
    return this.isSecretKey(key) && isSecretValue(entry);
  }

  /** Text without the known values. */
  text(text: string): string {
    let clean = text;
    for (const spelling of this.#spellings) {
      if (clean.includes(spelling)) clean = clean.replaceAll(spelling, REDACTED);
    }
    return clean.endsWith(CLIPPED) ? this.#withoutTail(clean) : clean;
  }

  /**
   * A value such as JSON.parse returns, without known values in texts and keys and without whatever
   * stands under a secret name. The same value if there is nothing to hide.
   */
  value(value: unknown): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value !== "object" || value === null || !this.#holdsSecret(value)) return value;
    if (Array.isArray(value)) return value.map((item) => this.value(item));
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [
        this.text(key),
        this.#isSecret(key, entry) ? REDACTED : this.value(entry),
      ]),
    );
  }

  /** Copies nothing: mostly there is nothing to hide. */
  #holdsSecret(value: unknown): boolean {
    if (typeof value === "string") return this.#isKnown(value);
    if (typeof value !== "object" || value === null) return false;
    if (Array.isArray(value)) return value.some((item) => this.#holdsSecret(item));
    for (const key of Object.keys(value)) {
      const entry: unknown = (value as never)[key];
      if (this.#isSecret(key, entry) || this.#isKnown(key) || this.#holdsSecret(entry)) return true;
    }
    return false;
  }

  #isKnown(text: string): boolean {
    return this.#spellings.length > 0 && this.text(text) !== text;
  }

  /** The same for JSON text, whoever wrote it; text that is not JSON loses the known values only. */
  json(text: string): string {
    if (!this.#isSuspicious(text)) return text;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.text(text);
    }
    return nestsTooDeep(value) ? this.text(text) : JSON.stringify(this.value(value));
  }

  /** Any character of a JSON string may be escaped, but plain ones only with `\u` or as `\/`. */
  #isSuspicious(text: string): boolean {
    const known = this.#spellings.length > 0;
    if (!known && this.#keys.length === 0) return false;
    if (/\\[u/]/.test(text) || this.#holdsSecretKey(text)) return true;
    return known && (text.includes(CLIPPED) || this.#spellings.some((one) => text.includes(one)));
  }

  /** Whether JSON without such escapes has a secret name; at times also when it has none. */
  #holdsSecretKey(text: string): boolean {
    if (this.#keys.length === 0) return false;
    const nameEnd = /"\s*:/g;
    while (nameEnd.test(text)) {
      const end = text.lastIndexOf('"', nameEnd.lastIndex - 1);
      const name = text.slice(text.lastIndexOf('"', end - 1) + 1, end);
      if (this.isSecretKey(name)) return true;
    }
    return false;
  }

  /** The first part of a value at the end of a text that was clipped within it. */
  #withoutTail(text: string): string {
    const body = text.slice(0, -CLIPPED.length);
    for (const spelling of this.#spellings) {
      const longest = Math.min(spelling.length - 1, body.length);
      for (let length = longest; length >= MIN_SECRET; length--) {
        if (body.endsWith(spelling.slice(0, length))) {
          return body.slice(0, -length) + REDACTED + CLIPPED;
        }
      }
    }
    return text;
  }
}

/** What we, and our runner servers, put where a text was cut. */
const CLIPPED = "…";

/** Whether what stands under a secret name can be one: a flag or nothing tells none. */
export function isSecretValue(value: unknown): boolean {
  return typeof value !== "boolean" && value !== undefined && value !== null && value !== "";
}

function plainKey(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}

function spellingsOf(value: string): string[] {
  const written = JSON.stringify(value).slice(1, -1);
  const url = URL.parse(`x:?${encodeURIComponent(value.toWellFormed())}`)?.search.slice(1) ?? value;
  const oneLine = value.replace(/[\p{Cc}\s]+/gu, " ").trim();
  const all = [value, written, written.replaceAll("/", "\\/"), url, oneLine];
  return all.filter((spelling) => spelling.length >= MIN_SECRET);
}
