/**
 * Finds the runners of one source file: exported async functions that carry the directive, or all
 * exported async functions of a module that does. Pure.
 *
 * A directive that cannot take effect is a fault, never silently nothing.
 */
import { present } from "../lib/present.ts";
import {
  inputTypeSchema,
  locateSchema,
  runnerTypeSchema,
  schemaByName,
  type SchemaReference,
} from "./input-schema.ts";
import { type ExportedFunction, exportedFunctions, exportedNames } from "./module-exports.ts";
import { DIRECTIVE, isMarked, parseSource, type Program } from "./syntax.ts";

export interface FoundRunner {
  /** What requests call it: the export's name; of a default export its local name, if any. */
  readonly name: string;
  readonly exportName: string;
  readonly inputSchema?: SchemaReference;
}

export interface FoundInFile {
  readonly runners: readonly FoundRunner[];
  /** Schemas the file neither exports nor imports: its host must make them visible. */
  readonly locals: readonly string[];
  /** One sentence each. */
  readonly faults: readonly string[];
}

const NOTHING: FoundInFile = { runners: [], locals: [], faults: [] };

/** Runners in the order of their exports. `name`: the file's, for its extension. */
export function findRunners(name: string, code: string): FoundInFile {
  const parsed = parseSource(name, code);
  if ("fault" in parsed) return { ...NOTHING, faults: [parsed.fault] };
  if ("unmarked" in parsed) return NOTHING;
  const { program } = parsed;
  const functions = exportedFunctions(program);
  const marked = functions.filter(
    ({ fn }) => isMarked(fn.body) || (isMarked(program) && fn.async && !fn.generator),
  );
  const schemaExports = new Map(
    exportedNames(program).map(({ exported, local }) => [local, exported]),
  );
  const found = marked
    .filter((item) => kindFault(item) === undefined)
    .map((item) => toRunner(item, program, schemaExports));
  return {
    runners: found.filter((runner) => schemaFault(runner) === undefined),
    locals: [...new Set(found.flatMap(({ inputSchema }) => inputSchema?.local ?? []))],
    faults: [
      ...marked.flatMap((item) => kindFault(item) ?? []),
      ...found.flatMap((runner) => schemaFault(runner) ?? []),
      ...strayDirectives(program, new Set(functions.map(({ fn }) => fn.body))),
    ],
  };
}

function toRunner(
  { exportName, fn, localName, types }: ExportedFunction,
  program: Program,
  exports: ReadonlyMap<string, string>,
): FoundRunner {
  const expression =
    types.map((type) => runnerTypeSchema(type, program)).find((found) => found !== undefined) ??
    inputTypeSchema(fn, program);
  const name = exportName === "default" ? (localName ?? exportName) : exportName;
  const inputSchema =
    expression === undefined
      ? schemaByName(name, exports)
      : locateSchema(expression, program, exports);
  return { name, exportName, ...present({ inputSchema }) };
}

/** A runner typed by a schema that no value of its file stands for would run unchecked. */
function schemaFault({ inputSchema, name }: FoundRunner): string | undefined {
  if (!inputSchema || inputSchema.exportName !== undefined) return undefined;
  if (inputSchema.imported || inputSchema.local !== undefined) return undefined;
  return `The input schema "${inputSchema.expression}" of "${name}" is not declared in this file.`;
}

function kindFault({ exportName, fn }: ExportedFunction): string | undefined {
  if (fn.generator) {
    return `"${exportName}" carries "${DIRECTIVE}" but is a generator, not a plain async function.`;
  }
  return fn.async ? undefined : `"${exportName}" carries "${DIRECTIVE}" but is not async.`;
}

/** Directives in functions that no request can name: local ones, methods, arguments of a call. */
function strayDirectives(program: Program, reachable: ReadonlySet<object>): string[] {
  const faults: string[] = [];
  const stack: unknown[] = [...program.body];
  while (stack.length > 0) {
    const node = stack.pop();
    if (typeof node !== "object" || node === null) continue;
    for (const child of Object.values(node)) stack.push(child);
    if (!("directives" in node) || reachable.has(node)) continue;
    const { directives, loc } = node as Pick<Program, "directives" | "loc">;
    if (!isMarked({ directives })) continue;
    const line = loc?.start.line ?? 0;
    faults.push(`The function at line ${line} carries "${DIRECTIVE}" but is not exported itself.`);
  }
  return faults.toReversed();
}
