/**
 * A region at the end of a terminal that is redrawn in place: each picture is one write that covers
 * the one before, marked as one update, so that nothing flickers and no half picture is seen.
 *
 * The cursor stays visible and the screen is the user's: however the process ends, nothing has to
 * be put back.
 */
import type { Output } from "./output.ts";
import { widthOf } from "./paint.ts";

/** "Synchronized output": terminals that do not know it ignore it. */
const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";
const CLEAR_DOWN = "\u001b[J";
const CLEAR_LINE = "\u001b[K";
/** This row, then those below it: tmux keeps what is cleared from the top of a screen in its history. */
const CLEAR_ROWS = `${CLEAR_LINE}\r\n${CLEAR_DOWN}\u001b[A`;

export class LiveRegion {
  readonly #output: Pick<Output, "columns" | "write">;
  /** Widths of the lines on the screen; the cursor stands at the start of the last one. */
  #widths: readonly number[] = [];

  constructor(output: Pick<Output, "columns" | "write">) {
    this.#output = output;
  }

  /** Draws these lines in the place of those before. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => line + CLEAR_LINE).join("\r\n");
    this.#output.write(`${BEGIN}${this.#home()}${text}${CLEAR_DOWN}\r${END}`);
    this.#widths = lines.map(widthOf);
  }

  /** Takes the region away; the cursor stands where it began. */
  clear(): void {
    if (this.#widths.length === 0) return;
    const erased = this.#widths.length > 1 ? CLEAR_ROWS : CLEAR_DOWN;
    this.#output.write(`${this.#home()}${erased}`);
    this.#widths = [];
  }

  /** Leaves what is on the screen as it is: the next picture begins where the cursor then stands. */
  forget(): void {
    this.#widths = [];
  }

  /** Back to where the region begins. A terminal that got narrower has wrapped its lines. */
  #home(): string {
    const columns = Math.max(1, this.#output.columns);
    const above = this.#widths.slice(0, -1);
    const rows = above.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return rows > 0 ? `\r\u001b[${rows}A` : "\r";
  }
}
