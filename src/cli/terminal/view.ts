/**
 * Views of a run in progress. A view shows; it decides nothing.
 */
import { DOTS, DOTS_PER_LINE } from "../../report/lines.ts";
import { logLine } from "../../report/untrusted-text.ts";
import { lookOf } from "../../report/verdict.ts";
import { counted } from "../../report/words.ts";
import type { RecordedJob, RunRecord } from "../run-record.ts";
import type { Output } from "./output.ts";

export interface View {
  /** Whether it leaves a line of each result behind. */
  readonly listsResults: boolean;
  /** The run is known, and so are the jobs of the record. */
  begin(record: RunRecord): void;
  /** Something of the record is another; `ended`: the jobs that have ended with it. */
  changed(ended: readonly RecordedJob[]): void;
  /** Something beside the run is worth a sentence. */
  say(sentence: string): void;
  /** Takes away what only made sense in progress. */
  close(): void;
}

/** A line per result as its job ends, for pipes and build logs. Sentences go to `aside`. */
export class LineView implements View {
  readonly listsResults = true;
  readonly #output: Output;
  readonly #aside: Output;
  #begun = false;

  constructor(output: Output, aside: Output) {
    this.#output = output;
    this.#aside = aside;
  }

  begin({ jobs, runId }: RunRecord): void {
    this.#begun = true;
    this.#output.write(`Run ${logLine(runId)}: ${counted(jobs.length, "job")}\n`);
  }

  changed(ended: readonly RecordedJob[]): void {
    for (const { lines } of ended) for (const line of lines) this.#output.write(`${line}\n`);
  }

  say(sentence: string): void {
    this.#aside.write(`${sentence}\n`);
  }

  close(): void {
    if (this.#begun) this.#output.write("\n");
  }
}

/** A character per result as its job ends. */
export class DotView implements View {
  readonly listsResults = false;
  readonly #output: Output;
  readonly #aside: Output;
  #count = 0;

  constructor(output: Output, aside: Output) {
    this.#output = output;
    this.#aside = aside;
  }

  begin(): void {}

  changed(ended: readonly RecordedJob[]): void {
    for (const result of ended.flatMap(({ results }) => results)) {
      this.#output.write(DOTS[lookOf(result)] + (++this.#count % DOTS_PER_LINE === 0 ? "\n" : ""));
    }
  }

  say(sentence: string): void {
    this.#aside.write(`${sentence}\n`);
  }

  close(): void {
    if (this.#count % DOTS_PER_LINE > 0) this.#output.write("\n");
    if (this.#count > 0) this.#output.write("\n");
  }
}
