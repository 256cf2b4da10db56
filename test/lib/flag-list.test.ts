import { expect, test } from "bun:test";

import { list } from "../../src/lib/flags.ts";
import { checkValues, parseFlags } from "../../src/lib/parse-flags.ts";

const table = {
  names: list({ about: "names", separator: /[\s,]+/, word: /^[a-z]+$/ }),
};
const parse = (...argv: string[]) => parseFlags(table, argv, {}, "X_");

test("a list is split at its separators, and empty by default", () => {
  expect(parse("--names", "a, b,,c ").values.names).toEqual(["a", "b", "c"]);
  expect(parse().values.names).toEqual([]);
});

test("a list names the word that does not belong in it", () => {
  expect(parse("--names=a,B2,c").faults).toEqual(['--names must not hold "B2"']);
});

test("a list given by a program is read as it was, however many words it has", () => {
  const table = { args: list({ about: "x", separator: /\s+/, word: /^-/ }) };
  const given = { args: ["--lang=de", "--no-sandbox"] };
  expect(checkValues(table, given)).toEqual({ values: given, faults: [] });
});
