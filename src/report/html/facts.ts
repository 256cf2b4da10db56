/** Named values in a row, such as what is known of a run or of a job. */
import { type Markup, markup } from "./markup.ts";

/** Those that are undefined are left out. */
export function factsMarkup(facts: Readonly<Record<string, string | number | undefined>>): Markup {
  const known = Object.entries(facts).filter(([, value]) => value !== undefined);
  return markup`<dl>${known.map(
    ([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}
