/** Colours, and the widths of text in columns of a terminal. */
import { type Mark, shadeOf } from "../../report/cells.ts";
import { clippedToWidth } from "../../report/untrusted-text.ts";

export type Paint = (text: string, style: Style) => string;
export type Style = Mark | "bold" | "dim";

const CODES: Readonly<Record<ReturnType<typeof shadeOf> | "bold" | "dim", string>> = {
  pass: "32",
  fail: "31",
  error: "35",
  running: "36",
  queued: "2",
  bold: "1",
  dim: "2",
};

export const colored: Paint = (text, style) => `\u001b[${CODES[codeOf(style)]}m${text}\u001b[0m`;

function codeOf(style: Style): keyof typeof CODES {
  return style === "bold" || style === "dim" ? style : shadeOf(style);
}

export const plain: Paint = (text) => text;

export function widthOf(text: string): number {
  return Bun.stringWidth(text);
}

/** Exactly `width` columns: filled up, or with its middle left out. */
export function fitted(text: string, width: number): string {
  const shown = clippedToWidth(text, width);
  // A wide character at a cut leaves a column free.
  return shown + " ".repeat(Math.max(0, width - widthOf(shown)));
}

/** At most `width` columns, colours closed where it is cut. */
export function cut(text: string, width: number): string {
  return widthOf(text) <= width ? text : Bun.sliceAnsi(text, 0, width, { ellipsis: "…" });
}
