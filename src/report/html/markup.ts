/**
 * HTML that cannot be injected into: whatever is put into a template is escaped, unless it is
 * markup itself.
 */
import { multiLine } from "../untrusted-text.ts";

export interface Markup {
  readonly markup: string;
}

type Value = string | number | Markup | readonly Markup[] | undefined;

/** Undefined puts in nothing. Lines and tabs of text stay, other control characters do not. */
export function markup(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return {
    markup: strings.reduce((text, next, index) => text + inserted(values[index - 1]) + next),
  };
}

function inserted(value: Value): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return escaped(value);
  return "markup" in value ? value.markup : value.map(({ markup }) => markup).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return multiLine(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
