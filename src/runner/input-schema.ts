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
}

type QueryName = Extract<TypeNode, { type: "TSTypeQuery" }>["exprName"];

/** The dotted name after `typeof` in the first type argument of a `Runner<…>` type. */
export function runnerTypeSchema(type: TypeNode | null | undefined): string | undefined {
  if (type?.type !== "TSTypeReference") return undefined;
  if (dotted(type.typeName)?.split(".").at(-1) !== "Runner") return undefined;
  return schemaOf(type.typeArguments?.params[0]);
}

/** The same, from the type of the function's second parameter. */
export function inputTypeSchema(fn: FunctionNode): string | undefined {
  const [, input] = fn.params;
  const target = input?.type === "AssignmentPattern" ? input.left : input;
  if (!target || !("typeAnnotation" in target)) return undefined;
  const annotation = target.typeAnnotation;
  if (annotation?.type !== "TSTypeAnnotation") return undefined;
  return schemaOf(annotation.typeAnnotation);
}

/** `typeof X`, alone or as the argument of `z.infer`, `z.output`, `StandardSchemaV1.InferOutput` … */
function schemaOf(type: TypeNode | null | undefined): string | undefined {
  if (type?.type === "TSTypeQuery") return dotted(type.exprName);
  if (type?.type !== "TSTypeReference") return undefined;
  const argument = type.typeArguments?.params[0];
  return argument?.type === "TSTypeQuery" ? dotted(argument.exprName) : undefined;
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
  return imported ? { expression, imported } : { expression };
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
