/** XML 1.0: any text becomes content or an attribute that reads back as that text. */

/** Characters that no XML 1.0 document may contain, not even escaped; and lone surrogates. */
const FORBIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  // A reader turns these into spaces where they stand in an attribute as they are.
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/** Terminal codes and the characters that XML forbids are left out. */
export function xmlText(text: string): string {
  return legal(text).replace(/[&<>\r]/g, entity);
}

/** ` name="value"` for each attribute that has a value. */
export function xmlAttributes(
  attributes: Readonly<Record<string, string | number | undefined>>,
): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${legal(String(value)).replace(/[&<>"\t\n\r]/g, entity)}"`)
    .join("");
}

function legal(text: string): string {
  return Bun.stripANSI(text).replace(FORBIDDEN, "");
}

function entity(character: string): string {
  return ENTITIES[character] ?? character;
}
