/**
 * Which schema a runner's type names: `X` in `Runner<typeof X>` and `Runner<z.infer<typeof X>>`,
 * or in the type of its input parameter. Pure; the schema itself is only known to the host.
 */
import type { Expression, FunctionNode, Program, TypeNode } from "./syntax.ts";

/** Where a host finds the schema: behind an export of the runner's own file, or another module's. */
export interface SchemaReference {
  /** As written after `typeof`, such as `TitleInput` or `schemas.Title`. */
  readonly expression: string;
  /** Name under which the runner's file exports the first part of the expression, if it does. */
  readonly exportName?: string;
  /** The import that the first part of the expression comes from, if it does. */
  readonly imported?: { readonly specifier: string; readonly name: string };
  /** The first part of the expression, if the file declares it and does not export it. */
  readonly local?: string;
  /** Found by its name, without a type that says so: what is no schema is none. */
  readonly byName?: true;
}

type QueryName = Extract<TypeNode, { type: "TSTypeQuery" }>["exprName"];

/** The dotted name after `typeof` in the first type argument of a `Runner<…>` type. */
export function runnerTypeSchema(
  type: TypeNode | null | undefined,
  program: Program,
): string | undefined {
  if (type?.type !== "TSTypeReference") return undefined;
  if (dotted(type.typeName)?.split(".").at(-1) !== "Runner") return undefined;
  return schemaOf(type.typeArguments?.params[0], program);
}

/** The same, from the type of the function's second parameter. */
export function inputTypeSchema(fn: FunctionNode, program: Program): string | undefined {
  const [, input] = fn.params;
  const target = input?.type === "AssignmentPattern" ? input.left : input;
  if (!target || !("typeAnnotation" in target)) return undefined;
  const annotation = target.typeAnnotation;
  if (annotation?.type !== "TSTypeAnnotation") return undefined;
  return schemaOf(annotation.typeAnnotation, program);
}

/**
 * `typeof X`, alone or as the argument of `z.infer`, `z.output`, `StandardSchemaV1.InferOutput` …,
 * or an alias of the file for one of these.
 */
function schemaOf(type: TypeNode | null | undefined, program: Program): string | undefined {
  const named = type?.type === "TSTypeReference" ? dotted(type.typeName) : undefined;
  return directSchema(type) ?? directSchema(aliased(named, program));
}

function directSchema(type: TypeNode | null | undefined): string | undefined {
  if (type?.type === "TSTypeQuery") return dotted(type.exprName);
  if (type?.type !== "TSTypeReference") return undefined;
  const argument = type.typeArguments?.params[0];
  return argument?.type === "TSTypeQuery" ? dotted(argument.exprName) : undefined;
}

function aliased(name: string | undefined, program: Program): TypeNode | undefined {
  for (const statement of program.body) {
    const declared =
      statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (declared?.type !== "TSTypeAliasDeclaration" || declared.id.name !== name) continue;
    return declared.typeParameters ? undefined : declared.typeAnnotation;
  }
  return undefined;
}

function dotted(name: QueryName): string | undefined {
  if (name.type === "Identifier") return name.name;
  if (name.type !== "TSQualifiedName") return undefined;
  const left = dotted(name.left);
  return left === undefined ? undefined : `${left}.${name.right.name}`;
}

/** Says where a host will find the expression. `exports`: from local name to exported name. */
export function locateSchema(
  expression: string,
  program: Program,
  exports: ReadonlyMap<string, string>,
): SchemaReference {
  const [local = expression] = expression.split(".");
  const exportName = exports.get(local);
  if (exportName !== undefined) return { expression, exportName };
  const imported = importOf(local, program);
  if (imported) return { expression, imported };
  return declaredNames(program).has(local) ? { expression, local } : { expression };
}

/**
 * The schema a runner's name suggests, as the SDK looks for it: `titleTestInputSchema`,
 * `titleTestSchema` or `InputSchema`, if the file exports one of them.
 */
export function schemaByName(
  runner: string,
  exports: ReadonlyMap<string, string>,
): SchemaReference | undefined {
  const names = new Set(exports.values());
  const capital = runner.slice(0, 1).toUpperCase() + runner.slice(1);
  const candidates = [
    `${runner}InputSchema`,
    `${capital}InputSchema`,
    `${runner}Schema`,
    `${capital}Schema`,
    "InputSchema",
  ];
  const exportName = candidates.find((name) => names.has(name));
  return exportName === undefined
    ? undefined
    : { expression: exportName, exportName, byName: true };
}

/** Values the file declares at its top level. */
function declaredNames(program: Program): Set<string> {
  const names = program.body.flatMap((statement): string[] => {
    const declared =
      statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (declared?.type === "FunctionDeclaration" || declared?.type === "ClassDeclaration") {
      return declared.id && !declared.declare ? [declared.id.name] : [];
    }
    if (declared?.type !== "VariableDeclaration" || declared.declare) return [];
    return declared.declarations.flatMap(({ id }) => boundNames(id));
  });
  return new Set(names);
}

/** Names of a declaration, also of `const { X, y: Z } = schemas`. */
function boundNames(id: object): string[] {
  const pattern = id as { type: string; name?: string; properties?: readonly object[] };
  if (pattern.type === "Identifier") return [pattern.name ?? ""];
  return (pattern.properties ?? []).flatMap((property) => {
    const { value } = property as { value?: object };
    return value && "name" in value ? [String(value.name)] : [];
  });
}

function importOf(local: string, program: Program): SchemaReference["imported"] {
  for (const statement of program.body) {
    if (statement.type !== "ImportDeclaration") continue;
    for (const item of statement.specifiers) {
      if (item.local.name !== local) continue;
      const specifier = statement.source.value;
      if (item.type === "ImportDefaultSpecifier") return { specifier, name: "default" };
      if (item.type === "ImportNamespaceSpecifier") return { specifier, name: "*" };
      const name = item.imported.type === "Identifier" ? item.imported.name : item.imported.value;
      return { specifier, name };
    }
  }
  return undefined;
}

/** The value inside `as`, `satisfies`, `!` and parentheses, and the types met on the way. */
export function unwrap(expression: Expression): { value: Expression; types: TypeNode[] } {
  const types: TypeNode[] = [];
  let value = expression;
  for (;;) {
    if (value.type === "TSAsExpression" || value.type === "TSSatisfiesExpression") {
      types.push(value.typeAnnotation);
    } else if (value.type !== "TSNonNullExpression" && value.type !== "ParenthesizedExpression") {
      return { value, types };
    }
    value = value.expression;
  }
}
