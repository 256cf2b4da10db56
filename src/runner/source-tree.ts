/**
 * The source files of a runner project, with what tells a changed file from an unchanged one.
 *
 * Nothing outside the project is ever listed: links are not followed, and one that leads out is
 * named as a fault.
 */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

import { isRunnerFile } from "./loaders.ts";

export interface SourceFile {
  readonly path: string;
  /** Relative to the project, with forward slashes: how faults name it. */
  readonly file: string;
  /** Differs once the file was written or replaced. */
  readonly stamp: string;
}

/** Something wrong with one file, in one sentence. */
export interface FileFault {
  readonly file: string;
  readonly message: string;
}

export interface SourceTree {
  /** In the order of `byFile`. */
  readonly files: readonly SourceFile[];
  /** In no particular order. */
  readonly faults: readonly FileFault[];
}

/** Scanned instead of the project itself where they exist. */
const SOURCE_FOLDERS = ["src", "runners"] as const;
const MAX_FILES = 10_000;

/** `root`: a real path, without links. Never rejects: a folder that cannot be read is a fault. */
export async function scanSources(root: string): Promise<SourceTree> {
  const scan = new Scan(root);
  const isFolder = await Promise.all(
    SOURCE_FOLDERS.map((name) =>
      stat(join(root, name)).then(
        (found) => found.isDirectory(),
        () => false,
      ),
    ),
  );
  const folders = SOURCE_FOLDERS.filter((_, index) => isFolder[index]);
  if (folders.length === 0) await scan.folder(root);
  for (const name of folders) await scan.enter(join(root, name));
  return scan.result();
}

class Scan {
  readonly #root: string;
  readonly #files: SourceFile[] = [];
  readonly #faults: FileFault[] = [];
  #full = false;

  constructor(root: string) {
    this.#root = root;
  }

  result(): SourceTree {
    return { files: this.#files.toSorted(byFile), faults: this.#faults };
  }

  /** A source folder, which may itself be a link as long as it stays inside. */
  async enter(path: string): Promise<void> {
    const real = await realpath(path);
    if (real === path) await this.folder(path);
    else if (this.#isInside(real)) await this.folder(real);
    else this.#leadsOut(path);
  }

  async folder(path: string): Promise<void> {
    let entries: Dirent[];
    try {
      entries = await readdir(path, { withFileTypes: true });
    } catch (error) {
      this.#fault(path, `Cannot be read: ${(error as Error).message}.`);
      return;
    }
    const looked = entries.filter(({ name }) => !name.startsWith(".") && name !== "node_modules");
    await Promise.all(looked.map((entry) => this.#entry(join(path, entry.name), entry)));
  }

  async #entry(path: string, entry: Dirent): Promise<void> {
    if (entry.isDirectory()) return this.folder(path);
    if (entry.isSymbolicLink()) return this.#link(path);
    if (!entry.isFile() || !isRunnerFile(entry.name)) return;
    const found = await stat(path).catch(() => undefined);
    // Deleted since it was listed.
    if (!found) return;
    if (this.#files.length >= MAX_FILES) return this.#tooMany();
    const stamp = `${found.mtimeMs}:${found.size}:${found.ino}`;
    this.#files.push({ path, file: this.#name(path), stamp });
  }

  /** What a link inside the project points to is found where it is. */
  async #link(path: string): Promise<void> {
    const real = await realpath(path).catch(() => undefined);
    if (real !== undefined && !this.#isInside(real)) this.#leadsOut(path);
  }

  #leadsOut(path: string): void {
    this.#fault(path, "Is a link that leads out of the project and is not followed.");
  }

  #tooMany(): void {
    if (!this.#full) this.#fault(this.#root, `Holds more than ${MAX_FILES} source files.`);
    this.#full = true;
  }

  #fault(path: string, message: string): void {
    this.#faults.push({ file: this.#name(path), message });
  }

  #isInside(path: string): boolean {
    return path === this.#root || path.startsWith(this.#root + sep);
  }

  #name(path: string): string {
    return relative(this.#root, path).replaceAll(sep, "/") || ".";
  }
}

/** Order of code units, for a stable answer on every machine. */
export function byFile(a: { readonly file: string }, b: { readonly file: string }): number {
  if (a.file === b.file) return 0;
  return a.file < b.file ? -1 : 1;
}
