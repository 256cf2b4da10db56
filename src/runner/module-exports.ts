/**
 * The functions a module exports under which names, with the types written beside them. Pure.
 *
 * What a module passes on from another one is left out: it is defined, and found, there.
 */
import { unwrap } from "./input-schema.ts";
import type { Expression, FunctionNode, Program, Statement, TypeNode } from "./syntax.ts";

export interface ExportedFunction {
  readonly fn: FunctionNode;
  /** Types that describe the function, such as `Runner<typeof X>`. */
  readonly types: readonly TypeNode[];
  /** The name importers use, `default` included. */
  readonly exportName: string;
  /** The function's own name or that of its variable, if it has one. */
  readonly localName?: string;
}

interface Binding {
  readonly fn: FunctionNode;
  readonly types: readonly TypeNode[];
}

interface ExportedName {
  readonly local: string;
  readonly exported: string;
}

/** In the order of the export statements; the default export comes last. */
export function exportedFunctions(program: Program): ExportedFunction[] {
  const bindings = new Map(program.body.flatMap(topLevelFunctions));
  const named = exportedNames(program).flatMap(({ exported, local }) => {
    const binding = bindings.get(local);
    return binding ? [{ ...binding, exportName: exported, localName: local }] : [];
  });
  const byDefault = program.body.flatMap((statement) =>
    statement.type === "ExportDefaultDeclaration"
      ? defaultExport(statement.declaration, bindings)
      : [],
  );
  return [...named, ...byDefault];
}

/** Every name the module exports of its own, functions or not. */
export function exportedNames(program: Program): ExportedName[] {
  return program.body.flatMap((statement): ExportedName[] => {
    if (statement.type !== "ExportNamedDeclaration" || statement.source) return [];
    if (statement.exportKind === "type") return [];
    const { declaration } = statement;
    if (declaration?.type === "VariableDeclaration") {
      return declaration.declarations.flatMap(({ id }) =>
        id.type === "Identifier" ? [sameName(id.name)] : [],
      );
    }
    if (declaration?.type === "FunctionDeclaration" || declaration?.type === "ClassDeclaration") {
      return declaration.id ? [sameName(declaration.id.name)] : [];
    }
    return statement.specifiers.flatMap((item) => {
      if (item.type !== "ExportSpecifier" || item.exportKind === "type") return [];
      return [{ local: nameOf(item.local), exported: nameOf(item.exported) }];
    });
  });
}

function sameName(name: string): ExportedName {
  return { local: name, exported: name };
}

/** An export may be named by a string: `export { a as "any text" }`. */
function nameOf(
  node: { type: "Identifier"; name: string } | { type: "StringLiteral"; value: string },
) {
  return node.type === "Identifier" ? node.name : node.value;
}

function topLevelFunctions(statement: Statement): [string, Binding][] {
  const declaration =
    statement.type === "ExportNamedDeclaration" || statement.type === "ExportDefaultDeclaration"
      ? statement.declaration
      : statement;
  if (declaration?.type === "FunctionDeclaration") {
    return declaration.id ? [[declaration.id.name, { fn: declaration, types: [] }]] : [];
  }
  if (declaration?.type !== "VariableDeclaration") return [];
  return declaration.declarations.flatMap(({ id, init }): [string, Binding][] => {
    const binding = init ? functionIn(init) : undefined;
    if (id.type !== "Identifier" || !binding) return [];
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

type DefaultDeclaration = Extract<Statement, { type: "ExportDefaultDeclaration" }>["declaration"];

function defaultExport(
  declaration: DefaultDeclaration,
  bindings: ReadonlyMap<string, Binding>,
): ExportedFunction[] {
  const exportName = "default";
  if (declaration.type === "Identifier") {
    const binding = bindings.get(declaration.name);
    return binding ? [{ ...binding, exportName, localName: declaration.name }] : [];
  }
  const binding =
    declaration.type === "FunctionDeclaration"
      ? { fn: declaration, types: [] }
      : functionIn(declaration as Expression);
  if (!binding) return [];
  const own = binding.fn.type === "ArrowFunctionExpression" ? undefined : binding.fn.id?.name;
  return [{ ...binding, exportName, ...(own === undefined ? {} : { localName: own }) }];
}
