/**
 * Text of runners, endpoints and pages made safe to print: without terminal codes, control
 * characters, and characters that turn the direction of what follows.
 *
 * What a format's own syntax forbids is escaped by that format.
 */

/**
 * Controls but tab and newline; the bidirectional ones, which make text read as another; and what
 * Unicode says is no character.
 */
const CONTROLS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]/g;

/**
 * Terminal codes as programs write them. Those that begin with a C1 control are no more than that
 * control here: it comes from text in a wrong encoding more often, and must not take text along.
 */
const TERMINAL_CODES =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-Z\\^-~])/g;

/** Of several lines: newlines and tabs stay; `instead` stands for each control character. */
export function multiLine(text: string, instead = "\u00b7"): string {
  return text
    .replace(TERMINAL_CODES, "")
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(CONTROLS, instead);
}

/** Of one line: any break is a space. */
export function oneLine(text: string): string {
  return multiLine(text)
    .replace(/\s*\n\s*|\t/g, " ")
    .trim();
}

/**
 * One line for a terminal or a build log, none of it a command to whoever reads the log: GitHub's
 * runner obeys `::…::` where it leads a line, and `##[…]` wherever it stands; other build servers
 * have the like (`##vso[`, `##teamcity[`).
 */
export function logLine(text: string): string {
  return oneLine(text)
    .replace(/##(?=\w*\[)/g, "# #")
    .replace(/^::/, ": :");
}

/** At most `length` characters, the last an ellipsis where some were left out. */
export function clipped(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** The beginning of a long text, and how much there is more of it. */
export function beginning(text: string, length: number): string {
  if (text.length <= length) return text;
  const shown = text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
  return `${shown}\n… and ${text.length - shown.length} more characters`;
}

/**
 * At most `width` columns of a terminal. The middle is what is left out: urls of one site differ at
 * their ends.
 */
export function clippedToWidth(text: string, width: number): string {
  const own = Bun.stringWidth(text);
  if (own <= width) return text;
  if (width < 1) return "";
  const tail = Math.floor((width - 1) * 0.6);
  return `${columns(text, 0, width - 1 - tail)}…${columns(text, own - tail, own)}`;
}

/** The columns from `start` to `end`, without a wide character that only half fits. */
function columns(text: string, start: number, end: number): string {
  if (end <= start) return "";
  const shown = Bun.sliceAnsi(text, start, end);
  if (Bun.stringWidth(shown) <= end - start) return shown;
  return start > 0 ? columns(text, start + 1, end) : columns(text, start, end - 1);
}
