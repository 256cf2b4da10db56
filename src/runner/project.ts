/**
 * A folder of runner files as it is now: which runners it offers and which files are faulty.
 *
 * Looked at anew for every job, so a changed file is seen without a restart; only files whose
 * stamp changed are parsed again. The files are never executed here.
 */
import { realpathSync, statSync } from "node:fs";

import { StartError } from "../domain/errors.ts";
import { type Log, silentLog } from "../lib/log.ts";
import type { FoundInFile, FoundRunner } from "./find-runners.ts";
import type { FileFault, SourceFile } from "./source-tree.ts";

export interface RunnerEntry extends FoundRunner {
  /** Absolute. */
  readonly path: string;
  /** Relative to the project. */
  readonly file: string;
  /** See `FoundInFile`. */
  readonly locals: readonly string[];
}

export interface Catalog {
  /** Differs once any source file was added, changed or removed. */
  readonly revision: string;
  /** By name, in the order of files and of exports. A Map: names come from requests. */
  readonly runners: ReadonlyMap<string, RunnerEntry>;
  readonly faults: readonly FileFault[];
}

interface Inspected {
  readonly source: SourceFile;
  readonly found: FoundInFile;
}

export class Project {
  /** Real path of the folder; also the working directory of its hosts. */
  readonly root: string;
  #inspected: ReadonlyMap<string, Inspected> = new Map();
  #catalog: Catalog | undefined;
  #looking: Promise<Catalog> | undefined;

  readonly #log: Log;

  private constructor(root: string, log: Log) {
    this.root = root;
    this.#log = log;
  }

  /**
   * Throws StartError if `dir` does not exist or is not a folder. `log`: told of faulty files, once
   * per change of the folder.
   */
  static open(dir: string, log: Log = silentLog): Project {
    let root: string;
    try {
      root = realpathSync(dir);
    } catch (error) {
      const { code } = error as { code?: string };
      const why = code === "ENOENT" ? "does not exist" : `cannot be opened (${code})`;
      throw new StartError([`The folder of runners "${dir}" ${why}.`], { cause: error });
    }
    if (!statSync(root).isDirectory()) {
      throw new StartError([`The folder of runners "${dir}" is not a folder.`]);
    }
    return new Project(root, log);
  }

  /** What the folder offers now. Callers that ask at the same time share one look. */
  catalog(): Promise<Catalog> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<Catalog> {
    // Only now: with what it imports it is 0.4 ms of a start, and without runners none is looked for.
    const { byFile, scanSources } = await import("./source-tree.ts");
    const { faults, files } = await scanSources(this.root);
    const stamps = files.map(({ file, stamp }) => `${file}:${stamp}`);
    const revision = String(Bun.hash([...stamps, ...faults.map(({ file }) => file)].join("\n")));
    if (this.#catalog?.revision === revision) return this.#catalog;
    const inspected = await Promise.all(files.map((source) => this.#inspect(source)));
    this.#inspected = new Map(inspected.map((one) => [one.source.file, one]));
    const merged = merge(inspected, faults);
    this.#catalog = { revision, ...merged, faults: merged.faults.toSorted(byFile) };
    this.#report(this.#catalog);
    return this.#catalog;
  }

  #report({ faults, runners }: Catalog): void {
    for (const { file, message } of faults) {
      this.#log.warn("faulty runner file", { file, fault: message });
    }
    if (runners.size === 0) this.#log.warn("no runners found", { folder: this.root });
    else this.#log.info("runners found", { runners: [...runners.keys()].join(", ") });
  }

  async #inspect(source: SourceFile): Promise<Inspected> {
    const known = this.#inspected.get(source.file);
    if (known?.source.stamp === source.stamp) return known;
    try {
      // With its parser it is a third of the program, and a server without runners needs none.
      const { findRunners } = await import("./find-runners.ts");
      const code = await Bun.file(source.path).text();
      return { source, found: findRunners(source.file, code) };
    } catch (error) {
      const fault = `Cannot be read: ${(error as Error).message}.`;
      return { source, found: { runners: [], locals: [], faults: [fault] } };
    }
  }
}

/** A name that two files claim belongs to neither: which one would run must not be luck. */
function merge(
  inspected: readonly Inspected[],
  treeFaults: readonly FileFault[],
): Pick<Catalog, "runners" | "faults"> {
  const claims = new Map<string, RunnerEntry[]>();
  const faults = [...treeFaults];
  for (const { found, source } of inspected) {
    const { file, path } = source;
    faults.push(...found.faults.map((message) => ({ file, message })));
    for (const runner of found.runners) {
      const entry = { ...runner, path, file, locals: found.locals };
      claims.set(runner.name, [...(claims.get(runner.name) ?? []), entry]);
    }
  }
  const runners = new Map<string, RunnerEntry>();
  for (const [name, [first, ...others]] of claims) {
    if (!first) continue;
    if (others.length === 0) runners.set(name, first);
    else faults.push({ file: first.file, message: claimedTwice(name, [first, ...others]) });
  }
  return { runners, faults };
}

function claimedTwice(name: string, entries: readonly RunnerEntry[]): string {
  const files = [...new Set(entries.map(({ file }) => file))].join(" and ");
  return `The runner "${name}" is exported more than once, by ${files}; none of them runs.`;
}
