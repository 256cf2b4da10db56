/**
 * Finds the runners of one source file: exported async functions that carry the directive, or all
 * exported async functions of a module that does. Pure.
 *
 * A directive that cannot take effect is a fault, never silently nothing.
 */
import {
  inputTypeSchema,
  locateSchema,
  runnerTypeSchema,
  type SchemaReference,
  unwrap,
} from "./input-schema.ts";
import {
  DIRECTIVE,
  type Expression,
  type FunctionNode,
  isMarked,
  parseSource,
  type Program,
  type Statement,
  type TypeNode,
} from "./syntax.ts";

export interface FoundRunner {
  /** What requests call it: the export's name; of a default export the function's own, if any. */
  readonly name: string;
  readonly exportName: string;
  readonly inputSchema?: SchemaReference;
}

export interface FoundInFile {
  readonly runners: readonly FoundRunner[];
  /** One sentence each. */
  readonly faults: readonly string[];
}

/** A function bound to a name at the top level, with the types that describe it. */
interface Binding {
  readonly fn: FunctionNode;
  readonly types: readonly TypeNode[];
}

interface Exported extends Binding {
  readonly exportName: string;
}

/** Runners in export order. `name`: the file's, for its extension. */
export function findRunners(name: string, code: string): FoundInFile {
  const parsed = parseSource(name, code);
  if ("fault" in parsed) return { runners: [], faults: [parsed.fault] };
  if ("unmarked" in parsed) return { runners: [], faults: [] };
  const { program } = parsed;
  const bindings = new Map(program.body.flatMap(declaredFunctions));
  const names = exportedNames(program);
  const all = [...namedExports(bindings, names), ...defaultExport(program, bindings)];
  const moduleMarked = isMarked(program);
  const localToExport = new Map(names.map(({ local, exported }) => [local, exported]));
  const runners: FoundRunner[] = [];
  const faults: string[] = [];
  for (const item of all) {
    const marked = carriesDirective(item.fn);
    if (!marked && !(moduleMarked && item.fn.async)) continue;
    const fault = kindFault(item.fn);
    if (fault) {
      faults.push(`"${item.exportName}" carries "${DIRECTIVE}" but ${fault}.`);
      continue;
    }
    runners.push(toRunner(item, program, localToExport));
  }
  return { runners, faults: [...faults, ...unexportedFaults(bindings, all)] };
}

function toRunner(
  { exportName, fn, types }: Exported,
  program: Program,
  exports: ReadonlyMap<string, string>,
): FoundRunner {
  const own = fn.type === "ArrowFunctionExpression" ? undefined : fn.id?.name;
  const name = exportName === "default" ? (own ?? "default") : exportName;
  const expression =
    types.map(runnerTypeSchema).find((found) => found !== undefined) ?? inputTypeSchema(fn);
  if (expression === undefined) return { name, exportName };
  return { name, exportName, inputSchema: locateSchema(expression, program, exports) };
}

function carriesDirective({ body }: FunctionNode): boolean {
  return body.type === "BlockStatement" && isMarked(body);
}

function kindFault({ async, generator }: FunctionNode): string | undefined {
  if (generator) return "is a generator; a runner is a plain async function";
  return async ? undefined : "is not async";
}

/** A directive in a function that no request can name. */
function unexportedFaults(
  bindings: ReadonlyMap<string, Binding>,
  exported: readonly Exported[],
): string[] {
  const reachable = new Set(exported.map(({ fn }) => fn));
  return Array.from(bindings)
    .filter(([, { fn }]) => carriesDirective(fn) && !reachable.has(fn))
    .map(([name]) => `"${name}" carries "${DIRECTIVE}" but is not exported.`);
}

function declaredFunctions(statement: Statement): [string, Binding][] {
  const declaration =
    statement.type === "ExportNamedDeclaration" || statement.type === "ExportDefaultDeclaration"
      ? statement.declaration
      : statement;
  if (declaration?.type === "FunctionDeclaration") {
    return declaration.id ? [[declaration.id.name, { fn: declaration, types: [] }]] : [];
  }
  if (declaration?.type !== "VariableDeclaration") return [];
  return declaration.declarations.flatMap(({ id, init }): [string, Binding][] => {
    if (id.type !== "Identifier" || !init) return [];
    const binding = functionIn(init);
    if (!binding) return [];
    const annotation =
      id.typeAnnotation?.type === "TSTypeAnnotation" ? [id.typeAnnotation.typeAnnotation] : [];
    return [[id.name, { ...binding, types: [...annotation, ...binding.types] }]];
  });
}

function functionIn(expression: Expression): Binding | undefined {
  const { types, value } = unwrap(expression);
  const isFunction =
    value.type === "ArrowFunctionExpression" || value.type === "FunctionExpression";
  return isFunction ? { fn: value, types } : undefined;
}

interface ExportedName {
  readonly local: string;
  readonly exported: string;
}

/** Names this module exports of its own; what it passes on from elsewhere is defined there. */
function exportedNames(program: Program): ExportedName[] {
  return program.body.flatMap((statement): ExportedName[] => {
    if (statement.type !== "ExportNamedDeclaration" || statement.source) return [];
    if (statement.exportKind === "type") return [];
    const { declaration } = statement;
    if (declaration?.type === "VariableDeclaration") {
      return declaration.declarations.flatMap(({ id }) =>
        id.type === "Identifier" ? [{ local: id.name, exported: id.name }] : [],
      );
    }
    if (declaration?.type === "FunctionDeclaration" || declaration?.type === "ClassDeclaration") {
      return declaration.id
        ? [{ local: declaration.id.name, exported: declaration.id.name }]
        : [];
    }
    return statement.specifiers.flatMap((item) => {
      if (item.type !== "ExportSpecifier" || item.exportKind === "type") return [];
      const { exported, local } = item;
      const name = exported.type === "Identifier" ? exported.name : exported.value;
      return [{ local: local.name, exported: name }];
    });
  });
}

function namedExports(
  bindings: ReadonlyMap<string, Binding>,
  names: readonly ExportedName[],
): Exported[] {
  return names.flatMap(({ exported, local }) => {
    const binding = bindings.get(local);
    return binding ? [{ ...binding, exportName: exported }] : [];
  });
}

function defaultExport(program: Program, bindings: ReadonlyMap<string, Binding>): Exported[] {
  for (const statement of program.body) {
    if (statement.type !== "ExportDefaultDeclaration") continue;
    const { declaration } = statement;
    const exportName = "default";
    if (declaration.type === "FunctionDeclaration") {
      return [{ fn: declaration, types: [], exportName }];
    }
    if (declaration.type === "ClassDeclaration" || declaration.type === "TSDeclareFunction") {
      return [];
    }
    if (declaration.type === "TSInterfaceDeclaration") return [];
    const { value } = unwrap(declaration as Expression);
    const binding =
      value.type === "Identifier" ? bindings.get(value.name) : functionIn(declaration as Expression);
    return binding ? [{ ...binding, exportName }] : [];
  }
  return [];
}
