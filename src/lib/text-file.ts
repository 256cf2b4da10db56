/**
 * Files that a person writes and a start depends on: read whole, and whatever is wrong with one is
 * told in words.
 */
import { readFileSync, statSync } from "node:fs";

/** What is wrong, as the rest of a sentence that begins with the name of the file. */
export interface FileFault {
  readonly fault: string;
}

export interface TextFile {
  readonly text: string;
  /** Whether every user of the machine may read it. */
  readonly shared: boolean;
}

const WHY: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "it does not exist"],
  ["ENOTDIR", "it is below something that is no folder"],
  ["EACCES", "permission denied"],
  ["EISDIR", "it is a folder"],
]);
const READABLE_BY_OTHERS = 0o004;

/** A fault for what the system said when a file was to be read. */
export function unreadable(error: unknown): FileFault {
  const { code = "", message } = error as { code?: string; message: string };
  return { fault: `cannot be read: ${WHY.get(code) ?? message}` };
}

/** The text of a file, a pipe, or stdin (0), which must be UTF-8. */
export function readText(file: string | 0): { readonly text: string } | FileFault {
  try {
    return decoded(readFileSync(file));
  } catch (error) {
    return unreadable(error);
  }
}

/** The text of a regular file of at most so many MiB, which must hold something. */
export function readTextFile(file: string, maxMiB: number): TextFile | FileFault {
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) return { fault: "cannot be read: it is a folder" };
    // A pipe can be read once only, and may never end; a start reads what it needs again.
    if (!stats.isFile()) return { fault: "cannot be read: it is no regular file" };
    if (stats.size > maxMiB * 1024 ** 2) return { fault: `is larger than ${maxMiB} MiB` };
    const read = readText(file);
    if ("fault" in read) return read;
    const shared = process.platform !== "win32" && (stats.mode & READABLE_BY_OTHERS) !== 0;
    return read.text.trim() === "" ? { fault: "is empty" } : { ...read, shared };
  } catch (error) {
    return unreadable(error);
  }
}

/** Without the byte order mark that editors on Windows begin a file with. */
function decoded(bytes: Uint8Array): { readonly text: string } | FileFault {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { fault: "is not UTF-8 text" };
  }
}
