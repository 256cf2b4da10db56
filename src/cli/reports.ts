/**
 * Reports: the files and streams that reporters write to.
 *
 * Files are opened before anything is submitted, so that a report that cannot be written costs no
 * run; they are emptied only when there is something to write.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

import { StartError } from "../domain/errors.ts";
import { FORMATS } from "../report/formats.ts";
import { writeJobSummary } from "../report/markdown.ts";
import type { ReportSource } from "../report/source.ts";
import { writeTerminal } from "../report/text.ts";
import { isView, type Reporter, type ReportPlan } from "./reporters.ts";
import type { Output } from "./terminal/output.ts";

/** A file that is going to hold a report. */
export class ReportFile {
  readonly path: string;
  readonly #fd: number;
  readonly #isNew: boolean;
  #written = false;

  /** Creates the file and its folder, or opens what is there. Throws the system's error. */
  constructor(path: string) {
    this.path = path;
    mkdirSync(dirname(path), { recursive: true });
    this.#isNew = !existsSync(path);
    this.#fd = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o666);
  }

  /** Throws the system's error. */
  async write(pieces: AsyncIterable<string>): Promise<void> {
    this.#written = true;
    // A device or a pipe has no length to cut.
    if (fstatSync(this.#fd).isFile()) ftruncateSync(this.#fd, 0);
    for await (const piece of pieces) {
      const bytes = Buffer.from(piece);
      for (let done = 0; done < bytes.length;) done += writeSync(this.#fd, bytes, done);
    }
  }

  /** Closes it; an empty file that nobody had asked to keep is removed. */
  close(): void {
    closeSync(this.#fd);
    if (this.#isNew && !this.#written) unlinkSync(this.path);
  }
}

/** Where reports without a file go. */
export interface Streams {
  readonly stdout: Output;
  /** For annotations that nobody asked for. */
  readonly aside: Output;
  /** Whether text on a terminal is coloured. */
  readonly color: boolean;
}

/** The reports of one command, from open files to closed ones. */
export class Reports implements Disposable {
  readonly #plan: ReportPlan;
  readonly #files = new Map<Reporter, ReportFile>();

  /** Throws StartError naming every file that cannot be written. */
  static open(plan: ReportPlan): Reports {
    const faults: string[] = [];
    const reports = new Reports(plan);
    for (const reporter of plan.reporters) {
      if (reporter.file === undefined) continue;
      try {
        reports.#files.set(reporter, new ReportFile(reporter.file));
      } catch (error) {
        faults.push(`-o ${reporter.file} cannot be written: ${reason(error)}`);
      }
    }
    if (faults.length === 0) return reports;
    reports[Symbol.dispose]();
    throw new StartError(faults);
  }

  private constructor(plan: ReportPlan) {
    this.#plan = plan;
  }

  /** Whether anything wants the run as a whole. */
  get wanted(): boolean {
    const { annotations, stepSummary } = this.#plan;
    return annotations || stepSummary !== undefined || this.#documents.length > 0;
  }

  /** Those that are written at the end. */
  get #documents(): readonly Reporter[] {
    const { reporters, views } = this.#plan;
    return views ? reporters.filter((one) => !isView(one)) : reporters;
  }

  /** Writes all reports; resolves with what went wrong, in sentences. */
  async write(source: ReportSource, { aside, color, stdout }: Streams): Promise<string[]> {
    const faults: string[] = [];
    const attempt = async (what: string, write: () => Promise<void>): Promise<void> => {
      await write().catch((error: unknown) => {
        faults.push(`${what} cannot be written: ${reason(error)}`);
      });
    };
    for (const reporter of this.#documents) {
      const file = this.#files.get(reporter);
      const isDrawn = reporter.name === "txt" && !file && stdout.isTerminal;
      const pieces = isDrawn
        ? writeTerminal(source, { color, width: stdout.columns })
        : FORMATS[reporter.name].write(source);
      await attempt(reporter.file ?? "stdout", () =>
        file ? file.write(pieces) : print(pieces, stdout),
      );
    }
    const { annotations, stepSummary } = this.#plan;
    if (annotations) await attempt("-r github", () => print(FORMATS.github.write(source), aside));
    if (stepSummary !== undefined) {
      await attempt(stepSummary, () => append(stepSummary, writeJobSummary(source)));
    }
    return faults;
  }

  [Symbol.dispose](): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }
}

/**
 * A document without a line end gets one: a shell's prompt, or the next line, follows. Throws the
 * system's error if some of it was lost.
 */
async function print(pieces: AsyncIterable<string>, output: Output): Promise<void> {
  let last = "";
  const put = async (text: string): Promise<void> => {
    const lost = await output.finish(text);
    if (lost) throw lost;
  };
  for await (const piece of pieces) {
    await put(piece);
    last = piece || last;
  }
  if (!last.endsWith("\n")) await put("\n");
}

async function append(path: string, pieces: AsyncIterable<string>): Promise<void> {
  const fd = openSync(path, "a");
  try {
    for await (const piece of pieces) writeSync(fd, piece);
  } finally {
    closeSync(fd);
  }
}

const REASONS = new Map([
  ["EACCES", "permission denied"],
  ["EISDIR", "it is a folder"],
  ["EEXIST", "its folder is a file"],
  ["ENOENT", "its folder cannot be made"],
  ["ENOSPC", "no space is left"],
  ["ENOTDIR", "its folder is a file"],
  ["EROFS", "the file system is read-only"],
]);

function reason(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return REASONS.get(code) ?? (code || message);
}
