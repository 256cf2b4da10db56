/**
 * Untrusted text in Markdown, as code: nothing in it is a link, a mention, an image, a tag or a
 * cell, whatever renders it (CommonMark and GitHub's flavour).
 */
import { beginning, clipped, multiLine, oneLine } from "./untrusted-text.ts";

/** Any of these would end the code or the table cell, or be trimmed. */
const NOT_TAME = /[`|\\]|^\s|\s$|^$/;

/** A code span of one line, at most `length` characters. */
export function code(text: string, length: number): string {
  const shown = clipped(oneLine(text), length);
  return NOT_TAME.test(shown) ? element(shown) : `\`${shown}\``;
}

/** The same for the inside of raw HTML, where a code span would be no code. */
export function element(text: string): string {
  return `<code>${escaped(text)}</code>`;
}

/** Whatever Markdown or HTML could read as more than itself, as character references. */
export function escaped(text: string): string {
  return oneLine(text).replace(/[!#$&*.:<>@[\\\]^_`{|}~]/g, (one) => `&#${one.codePointAt(0)};`);
}

/** A block of code, fenced by more backticks than it contains. */
export function fenced(text: string, length: number): string {
  const shown = beginning(multiLine(text), length);
  const longest = Math.max(2, ...Array.from(shown.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${shown}\n${fence}`;
}
