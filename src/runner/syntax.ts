/**
 * From source text to a syntax tree: the one place that knows the parser and its options.
 *
 * The directive does not survive transpilation, so it is looked for in the source itself.
 */
import { parse, type ParseResult, type ParserPlugin } from "@babel/parser";

import { type Loader, loaderOf } from "./loaders.ts";

export const DIRECTIVE = "use runner";

export type Program = ParseResult["program"];
export type Statement = Program["body"][number];
export type Expression = Extract<Statement, { type: "ExpressionStatement" }>["expression"];
export type TypeNode = Extract<Expression, { type: "TSAsExpression" }>["typeAnnotation"];
export type FunctionNode =
  | Extract<Statement, { type: "FunctionDeclaration" }>
  | Extract<Expression, { type: "ArrowFunctionExpression" | "FunctionExpression" }>;

const PLUGINS: Readonly<Record<Loader, readonly ParserPlugin[]>> = {
  ts: ["typescript"],
  tsx: ["typescript", "jsx"],
  jsx: ["jsx"],
};

export type Parsed =
  | { readonly program: Program }
  | { readonly fault: string }
  /** The file is sound and never mentions the directive. */
  | { readonly unmarked: true };

/** Parses a source file. `fault` is one sentence with line and column. */
export function parseSource(name: string, code: string): Parsed {
  const loader = loaderOf(name) ?? "ts";
  if (!code.includes(DIRECTIVE)) return quickCheck(code, loader);
  try {
    const { errors, program } = parse(code, {
      sourceType: "module",
      plugins: [...PLUGINS[loader], "decorators", "decoratorAutoAccessors"],
      errorRecovery: true,
      attachComment: false,
    });
    const [first] = errors ?? [];
    return first ? { fault: syntaxFault(first) } : { program };
  } catch (error) {
    return { fault: syntaxFault(error) };
  }
}

/** Bun's own parser is some twenty times faster, and knows no directives. */
function quickCheck(code: string, loader: Loader): Parsed {
  try {
    new Bun.Transpiler({ loader }).scan(code);
    return { unmarked: true };
  } catch (error) {
    return { fault: syntaxFault(error) };
  }
}

interface SyntaxFault {
  readonly message?: string;
  /** As the parser tells it: columns count from 0. */
  readonly loc?: { readonly line: number; readonly column: number };
  /** As Bun tells it: columns count from 1. */
  readonly position?: { readonly line: number; readonly column: number } | null;
  readonly errors?: readonly SyntaxFault[];
}

function syntaxFault(error: unknown): string {
  const fault = error as SyntaxFault;
  const first = fault.errors?.[0] ?? fault;
  const { line, column } = first.loc
    ? { line: first.loc.line, column: first.loc.column + 1 }
    : (first.position ?? { line: 1, column: 1 });
  const message = (first.message ?? String(error)).replace(/\s*\(\d+:\d+\)$/, "");
  return `Syntax error at ${line}:${column}: ${message.replace(/\.$/, "")}.`;
}

/**
 * Whether the directive is among those a module or function body opens with, as written: an escape
 * in it does not count. An arrow function's body may be an expression, which has none.
 */
export function isMarked(node: object): boolean {
  const directives = "directives" in node ? (node.directives as Program["directives"]) : [];
  return directives.some(({ value }) => {
    const raw = value.extra?.["raw"];
    return typeof raw === "string" && raw.slice(1, -1) === DIRECTIVE;
  });
}
