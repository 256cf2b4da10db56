import { describe, expect, test } from "bun:test";

import { findRunners } from "../../src/runner/find-runners.ts";

const names = (code: string, file = "a.ts"): string[] =>
  findRunners(file, code).runners.map(({ name }) => name);
const faults = (code: string, file = "a.ts"): readonly string[] => findRunners(file, code).faults;
const schema = (code: string) => findRunners("a.ts", code).runners[0]?.inputSchema;

const MARK = '"use runner";';

describe("findRunners", () => {
  test.each([
    ["an async function", `export async function a() { ${MARK} }`, ["a"]],
    ["an arrow function", `export const a = async () => { ${MARK} };`, ["a"]],
    ["a function expression", `export const a = async function () { ${MARK} };`, ["a"]],
    ["single quotes", `export const a = async () => { 'use runner' };`, ["a"]],
    ["no semicolon", `export async function a() {\n  "use runner"\n  return 1\n}`, ["a"]],
    ["another directive before it", `export async function a() { "use strict"; ${MARK} }`, ["a"]],
    [
      "a typed arrow",
      `const X = 1; export const a: Runner<typeof X> = async (c, i) => { ${MARK} };`,
      ["a"],
    ],
    ["an arrow `as` a type", `export const a = (async () => { ${MARK} }) as Runner;`, ["a"]],
    ["an arrow that satisfies", `export const a = (async () => { ${MARK} }) satisfies R;`, ["a"]],
    ["a local exported later", `const a = async () => { ${MARK} }; export { a };`, ["a"]],
    ["another export name", `const a = async () => { ${MARK} }; export { a as b };`, ["b"]],
    ["a text as a name", `async function a() { ${MARK} } export { a as "b c" };`, ["b c"]],
    [
      "two names of one function",
      `export async function a() { ${MARK} } export { a as b }`,
      ["a", "b"],
    ],
    ["several of one statement", `export const a = async () => { ${MARK} }, b = 1;`, ["a"]],
    ["a default function", `export default async function a() { ${MARK} }`, ["a"]],
    ["a default without name", `export default async () => { ${MARK} }`, ["default"]],
    ["a default local", `const a = async () => { ${MARK} }; export default a;`, ["a"]],
    [
      "overloads",
      `export async function a(x: 1): Promise<1>; export async function a(x: any) { ${MARK} }`,
      ["a"],
    ],
    [
      "`using` and decorators",
      `@dec class C {} export async function a() { ${MARK} using x = f(); }`,
      ["a"],
    ],
    ["no directive", `export async function a() {}`, []],
    ["a directive that is not first", `export async function a() { f(); ${MARK} }`, []],
    ["an escape in the directive", `export async function a() { "use\\x20runner"; }`, []],
    ["a template", "export async function a() { `use runner`; }", []],
    ["parentheses around it", `export async function a() { ("use runner"); }`, []],
    ["a comment", `export async function a() { /* "use runner" */ }`, []],
    [
      "types of the same name",
      `export type a = 1; const a2 = async () => { ${MARK} }; export { a2 };`,
      ["a2"],
    ],
  ])("finds %s", (_what, code, expected) => {
    expect(names(code)).toEqual(expected);
    expect(faults(code)).toEqual([]);
  });

  test("a module's directive marks every exported async function and nothing else", () => {
    const code = `${MARK}
      export const Schema = z.object({});
      export const plain = () => 1;
      export async function a() {}
      export const b = async () => 1;
      async function local() {}
      export async function* stream() {}
      export { c } from "./c.ts";
      export default async () => {};`;
    expect(names(code)).toEqual(["a", "b", "default"]);
    expect(faults(code)).toEqual([]);
  });

  test.each([
    ["not async", `export function a() { ${MARK} }`, `"a" carries "use runner" but is not async.`],
    [
      "a generator",
      `export async function* a() { ${MARK} }`,
      `"a" carries "use runner" but is a generator, not a plain async function.`,
    ],
    [
      "not exported",
      `async function a() { ${MARK} }`,
      `The function at line 1 carries "use runner" but is not exported itself.`,
    ],
    [
      "an argument",
      `export const a = retry(async () => {\n ${MARK} });`,
      `The function at line 1 carries "use runner" but is not exported itself.`,
    ],
    [
      "a method",
      `export const o = {\n async a() { ${MARK} } };`,
      `The function at line 2 carries "use runner" but is not exported itself.`,
    ],
    [
      "a syntax error",
      `export async function a() { ${MARK}\n  let = ; }`,
      "Syntax error at 2:9: Unexpected token.",
    ],
    [
      "a syntax error without any directive",
      `export const a = ;`,
      "Syntax error at 1:18: Unexpected ;.",
    ],
    [
      "a name declared twice",
      `const a = 1; export const a = async () => { ${MARK} };`,
      "Syntax error at 1:27: Identifier 'a' has already been declared.",
    ],
  ])("names the fault: %s", (_what, code, expected) => {
    expect(names(code)).toEqual([]);
    expect(faults(code)).toEqual([expected]);
  });

  test("a fault does not cost the other runners of its file", () => {
    const code = `export function bad() { ${MARK} } export async function good() { ${MARK} }`;
    expect(names(code)).toEqual(["good"]);
  });

  test("JSX is understood in .tsx and .jsx, plain JavaScript in .js and .mjs", () => {
    const jsx = `export const a = async () => { ${MARK} return <p>text</p>; };`;
    expect(names(jsx, "a.tsx")).toEqual(["a"]);
    expect(names(jsx, "a.jsx")).toEqual(["a"]);
    expect(names(`export const a = async () => { ${MARK} return f < b > (c); };`, "a.js")).toEqual([
      "a",
    ]);
    expect(names(`export const a = async () => { ${MARK} };`, "a.mjs")).toEqual(["a"]);
  });

  test.each([
    ["Runner<typeof X>", "const X = 1; ", { expression: "X", local: "X" }],
    ["Runner<typeof X>", "const { X } = schemas; ", { expression: "X", local: "X" }],
    ["Runner<typeof s.X>", "const s = {}; ", { expression: "s.X", local: "s" }],
    ["Runner<In>", "const X = 1; type In = z.infer<typeof X>; ", { expression: "X", local: "X" }],
    ["Runner<In>", "const X = 1; export type In = typeof X; ", { expression: "X", local: "X" }],
    ["Runner<typeof X, typeof Y>", "export const X = 1; ", { expression: "X", exportName: "X" }],
    [
      "Runner<z.infer<typeof X>>",
      "const X = 1; export { X as In }; ",
      { expression: "X", exportName: "In" },
    ],
    [
      "SDK.Runner<typeof X>",
      'import { Y as X } from "./s.ts"; ',
      { expression: "X", imported: { specifier: "./s.ts", name: "Y" } },
    ],
    [
      "Runner<typeof s.X>",
      'import * as s from "./s.ts"; ',
      { expression: "s.X", imported: { specifier: "./s.ts", name: "*" } },
    ],
    [
      "Runner<typeof X>",
      'import X from "./s.ts"; ',
      { expression: "X", imported: { specifier: "./s.ts", name: "default" } },
    ],
  ])("the type %s names the schema", (type, before, expected) => {
    const arrow = `async (ctx, input) => { ${MARK} }`;
    expect(schema(`${before}export const a: ${type} = ${arrow};`)).toEqual(expected);
    expect(schema(`${before}export const a = (${arrow}) satisfies ${type};`)).toEqual(expected);
    expect(schema(`${before}export const a = (${arrow}) as ${type};`)).toEqual(expected);
  });

  test("the type of the second parameter names the schema of a function declaration", () => {
    const code = `export const X = 1; export async function a(ctx: C, { url }: z.infer<typeof X>) { ${MARK} }`;
    expect(schema(code)).toEqual({ expression: "X", exportName: "X" });
  });

  test.each([
    ["aInputSchema", "aInputSchema"],
    ["AInputSchema", "AInputSchema"],
    ["aSchema", "aSchema"],
    ["InputSchema", "InputSchema"],
  ])("without a type, an export named %s is the schema", (name, exportName) => {
    const code = `export const ${name} = 1, other = 2; export const a = async () => { ${MARK} };`;
    expect(schema(code)).toEqual({ expression: name, exportName, byName: true });
    expect(schema(code.replace("export const", "const"))).toBeUndefined();
  });

  test("the name of the runner comes before a name for all of them", () => {
    const code = `export const InputSchema = 1, aSchema = 2; export async function a() { ${MARK} }`;
    expect(schema(code)?.exportName).toBe("aSchema");
  });

  test("a schema that no value of the file stands for is a fault of its runner alone", () => {
    const code = `declare const X: S; export const a: Runner<typeof X> = async () => { ${MARK} };
      export const b = async () => { ${MARK} };`;
    expect(names(code)).toEqual(["b"]);
    expect(faults(code)).toEqual(['The input schema "X" of "a" is not declared in this file.']);
  });

  test.each(["Runner", "Runner<Input>", "Other<typeof X>", "Promise<Runner<typeof X>>"])(
    "the type %s names none",
    (type) => {
      expect(schema(`export const a: ${type} = async () => { ${MARK} };`)).toBeUndefined();
    },
  );
});
