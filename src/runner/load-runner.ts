/**
 * Loads the file of a runner inside its host, with its own words for what goes wrong: a message is
 * read far from this machine and names no absolute path.
 */
import { realpathSync } from "node:fs";

import type { Task } from "./host-messages.ts";
import { thrownText } from "./reply.ts";
import { RunnerFault } from "./runner-errors.ts";
import { missingModule } from "./sdk/modules.ts";
import { exposeLocals } from "./sdk/source-plugin.ts";

export type RunnerFunction = (context: unknown, input: unknown) => unknown;

export interface LoadedRunner {
  readonly run: RunnerFunction;
  readonly module: Readonly<Record<string, unknown>>;
}

/** Throws RunnerFault. A module that failed stays in the process: a mended one needs another. */
export async function loadRunner(task: Task, root: string): Promise<LoadedRunner> {
  const file = task.path.replace(`${root}/`, "");
  // It was no link when it was found; whoever put one there since names a file of elsewhere.
  if (leadsElsewhere(task.path)) {
    throw new RunnerFault("cannot_load", `Cannot load ${file}: it is a link.`);
  }
  exposeLocals(task.path, task.locals);
  let module: LoadedRunner["module"];
  try {
    module = (await import(task.path)) as LoadedRunner["module"];
  } catch (error) {
    const why = loadFault(error).replaceAll(`${root}/`, "");
    throw new RunnerFault("cannot_load", `Cannot load ${file}${why}`, { cause: error });
  }
  const run = module[task.exportName];
  if (typeof run === "function") return { run: run as RunnerFunction, module };
  throw new RunnerFault("not_a_function", `"${task.exportName}" of ${file} is not a function.`);
}

/** What is gone is left to the import, which says so. */
function leadsElsewhere(path: string): boolean {
  try {
    return realpathSync(path) !== path;
  } catch {
    return false;
  }
}

interface ModuleFault {
  readonly code?: string;
  readonly specifier?: string;
  readonly position?: { readonly line: number; readonly column: number } | null;
}

function loadFault(error: unknown): string {
  const { code, position, specifier } = (error ?? {}) as ModuleFault;
  const isPackage = specifier !== undefined && !/^[./]/.test(specifier);
  if (code === "ERR_MODULE_NOT_FOUND" && isPackage) return `: ${missingModule(specifier)}`;
  const at = position ? ` at ${position.line}:${position.column}` : "";
  return `${at}: ${thrownText(error)}`;
}
