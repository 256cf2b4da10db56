/** What clients need of flags: short ones, repeatable ones, their order, and those refused. */
import { describe, expect, test } from "bun:test";

import {
  describeFlags,
  type FlagTable,
  integer,
  many,
  optional,
  refused,
  text,
  toggle,
  word,
} from "../../src/lib/flags.ts";
import { parseFlags } from "../../src/lib/parse-flags.ts";

const table = {
  reporter: many(word(["list", "json"], { short: "r", about: "reporter" })),
  output: many(text({ short: "o", about: "file", fallback: undefined })),
  retries: optional(integer({ about: "retries", fallback: 7, min: 0, max: 9 })),
  list: toggle("list"),
  key: refused("is refused"),
} satisfies FlagTable;

const parse = (argv: readonly string[], env: Record<string, string> = {}) =>
  parseFlags(table, argv, env, "APP_");

describe("short flags", () => {
  test.each([[["-r", "json"]], [["-rjson"]], [["-r=json"]], [["--reporter=json"]]])(
    "%j",
    (argv) => {
      expect(parse(argv)).toMatchObject({ values: { reporter: ["json"] }, faults: [] });
    },
  );

  test("keep an = inside a value", () => {
    expect(parse(["-oa=b"]).values.output).toEqual(["a=b"]);
  });

  test("need a value, which is no other flag", () => {
    expect(parse(["-o", "-r", "json"])).toMatchObject({
      values: { reporter: ["json"], output: [] },
      faults: ["-o needs a value"],
    });
  });

  test("may have a lone dash as their value", () => {
    expect(parse(["-o", "-"]).values.output).toEqual(["-"]);
  });

  test.each(["-x", "-xjson", "-"])("%s is none", (argument) => {
    const { faults, positionals } = parse([argument]);
    expect([faults.length, positionals.length]).toEqual(argument === "-" ? [0, 1] : [1, 0]);
  });
});

describe("repeatable flags", () => {
  test("collect their values and tell the order of all", () => {
    const { order, values } = parse(["-r", "list", "-o", "a", "--list", "-r", "json"]);
    expect(values).toMatchObject({ reporter: ["list", "json"], output: ["a"], list: true });
    expect(order).toEqual(["reporter", "output", "list", "reporter"]);
  });

  test("take words from the environment, unless one is given", () => {
    const env = { APP_REPORTER: " list  json ", APP_OUTPUT: "x" };
    expect(parse([], env)).toMatchObject({
      values: { reporter: ["list", "json"], output: ["x"] },
      order: ["reporter", "reporter", "output"],
    });
    expect(parse(["-r", "json"], env)).toMatchObject({
      values: { reporter: ["json"], output: ["x"] },
      order: ["reporter", "output"],
    });
  });

  test("name each faulty value", () => {
    expect(parse(["-r", "a", "-r", "list", "-r", "b"]).faults).toEqual([
      '-r must be one of list, json, not "a"',
      '-r must be one of list, json, not "b"',
    ]);
  });
});

describe("other kinds", () => {
  test("optional has no value until one is given", () => {
    expect(parse([]).values.retries).toBeUndefined();
    expect(parse(["--retries", "3"]).values.retries).toBe(3);
  });

  test("toggle takes true and false, and nothing else", () => {
    expect(parse(["--list=false"]).values.list).toBeFalse();
    expect(parse([], { APP_LIST: "yes" }).faults).toEqual([
      'APP_LIST must be "true" or "false", not "yes"',
    ]);
  });

  test("refused says why, swallows the value and does not repeat it", () => {
    expect(parse(["--key", "s3cret", "word"])).toMatchObject({
      faults: ["--key is refused"],
      positionals: ["word"],
    });
  });
});

test("describeFlags aligns short and long ones, and leaves out what is refused", () => {
  expect(describeFlags(table).split("\n")).toEqual([
    "  -r, --reporter NAME  reporter",
    "  -o, --output TEXT    file",
    "      --retries N      retries",
    "      --list           list",
  ]);
});
