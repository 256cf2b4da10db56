/** XML 1.0: any text becomes content or an attribute that reads back as that text. */
import { multiLine } from "./untrusted-text.ts";

/** Halves of surrogate pairs: what no XML 1.0 document may contain, beside controls. */
const LONE_SURROGATES = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  // A reader turns these into spaces where they stand in an attribute as they are.
  "\t": "&#9;",
  "\n": "&#10;",
};

/** Terminal codes, control characters and whatever else XML forbids are left out. */
export function xmlText(text: string): string {
  return legal(text).replace(/[&<>]/g, entity);
}

/** ` name="value"` for each attribute that has a value. */
export function xmlAttributes(
  attributes: Readonly<Record<string, string | number | undefined>>,
): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${legal(String(value)).replace(/[&<>"\t\n]/g, entity)}"`)
    .join("");
}

function legal(text: string): string {
  const clean = multiLine(text, "");
  return clean.isWellFormed() ? clean : clean.replace(LONE_SURROGATES, "");
}

function entity(character: string): string {
  return ENTITIES[character] ?? character;
}
