/** The view of a run on a terminal: one picture, redrawn in place, at most ten times a second. */
import type { RunRecord } from "../run-record.ts";
import { frame } from "./frame.ts";
import { LiveRegion } from "./live-region.ts";
import type { Output } from "./output.ts";
import type { Paint } from "./paint.ts";
import type { View } from "./view.ts";

const TICK_MS = 100;
/** The clock in the picture moves even when nothing else does. */
const LONGEST_STILL_MS = 1_000;
/** Of the time, at most one part in so many goes into pictures: those of large runs cost more. */
const SHARE = 10;

export class LiveView implements View {
  readonly listsResults = false;
  readonly #output: Output;
  readonly #paint: Paint;
  readonly #region: LiveRegion;
  readonly #begun = performance.now();
  #timer: ReturnType<typeof setInterval> | undefined;
  #resize: Disposable | undefined;
  readonly #continued = (): void => {
    this.#region.forget();
    this.#draw();
  };
  #record: RunRecord | undefined;
  #changed = true;
  #drawnAt = -Infinity;
  #cost = 0;

  constructor(output: Output, paint: Paint) {
    this.#output = output;
    this.#paint = paint;
    this.#region = new LiveRegion(output);
  }

  begin(record: RunRecord): void {
    this.#record = record;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#resize = this.#output.onResize(() => this.#draw());
    // After Ctrl-Z and fg, the shell's lines stand where the picture was.
    process.on("SIGCONT", this.#continued);
    this.#draw();
  }

  changed(): void {
    this.#changed = true;
  }

  say(sentence: string): void {
    this.#region.clear();
    this.#output.write(`${sentence}\n`);
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#resize?.[Symbol.dispose]();
    process.off("SIGCONT", this.#continued);
    this.#region.clear();
    this.#record = undefined;
  }

  #tick(): void {
    const still = performance.now() - this.#drawnAt;
    const due = this.#changed ? this.#cost * SHARE : LONGEST_STILL_MS;
    // A terminal that is held (Ctrl-S) gets the newest picture once it goes on.
    if (still >= due && this.#output.drained) this.#draw();
  }

  #draw(): void {
    if (!this.#record) return;
    const now = performance.now();
    // In its last column a terminal is about to wrap, and clearing would take that column away.
    const columns = this.#output.columns - 1;
    const rows = this.#output.rows - 1;
    this.#region.draw(
      frame(this.#record, now - this.#begun, { columns, rows, paint: this.#paint }),
    );
    this.#changed = false;
    this.#drawnAt = performance.now();
    this.#cost = this.#drawnAt - now;
  }
}
