import { describe, expect, test } from "bun:test";

import {
  bytes,
  describeFlags,
  duration,
  type FlagTable,
  integer,
  text,
  toggle,
} from "../../src/lib/flags.ts";
import { parseFlags } from "../../src/lib/parse-flags.ts";

const table = {
  data: text({ placeholder: "DIR", about: "folder", fallback: "./data" }),
  region: text({ about: "region", fallback: undefined }),
  maxInFlight: integer({ about: "most jobs", fallback: 7, min: 1, max: 100 }),
  drain: duration({ about: "drain", fallback: 25_000, shown: "25s", min: "0ms", max: "1h" }),
  maxBody: bytes({ about: "body", fallback: 4_096, shown: "4KiB", max: 1024 ** 2 }),
  quiet: toggle("says less"),
} satisfies FlagTable;

const parse = (argv: readonly string[], env: Record<string, string | undefined> = {}) =>
  parseFlags(table, argv, env, "APP_");

const value = (flag: string, said: string) => parse([`${flag}=${said}`]);

describe("parseFlags", () => {
  test("gives the defaults when nothing is said", () => {
    expect(parse([])).toEqual({
      values: {
        data: "./data",
        region: undefined,
        maxInFlight: 7,
        drain: 25_000,
        maxBody: 4_096,
        quiet: false,
      },
      positionals: [],
      order: [],
      faults: [],
    });
  });

  test("reads a flag of every kind, apart from its value or joined by =", () => {
    const { faults, values } = parse([
      "--data=/var/x",
      "--region",
      "eu-west-1",
      "--max-in-flight=100",
      "--drain",
      "5m",
      "--max-body=512KiB",
      "--quiet",
    ]);
    expect(faults).toEqual([]);
    expect(values).toEqual({
      data: "/var/x",
      region: "eu-west-1",
      maxInFlight: 100,
      drain: 300_000,
      maxBody: 524_288,
      quiet: true,
    });
  });

  test("keeps an = inside a value", () => {
    expect(parse(["--data=a=b"]).values.data).toBe("a=b");
  });

  test("takes the last of a repeated flag", () => {
    expect(parse(["--data", "a", "--data=b"]).values.data).toBe("b");
  });

  test("passes positionals through in order", () => {
    expect(parse(["one", "--quiet", "two", "--", "--three"]).positionals).toEqual([
      "one",
      "two",
      "--three",
    ]);
  });

  test("reads defaults from the environment, and none from an empty variable", () => {
    const env = { APP_MAX_IN_FLIGHT: "9", APP_DATA: "", APP_QUIET: "true", MAX_BODY: "1" };
    const { faults, values } = parse([], env);
    expect(faults).toEqual([]);
    expect(values).toMatchObject({ maxInFlight: 9, data: "./data", quiet: true, maxBody: 4_096 });
  });

  test("lets a flag beat its variable, even a faulty one", () => {
    const { faults, values } = parse(["--max-in-flight", "3"], { APP_MAX_IN_FLIGHT: "many" });
    expect(faults).toEqual([]);
    expect(values.maxInFlight).toBe(3);
  });

  test("names the variable of a faulty environment", () => {
    expect(parse([], { APP_MAX_IN_FLIGHT: "many" }).faults).toEqual([
      'APP_MAX_IN_FLIGHT must be an integer from 1 to 100, not "many"',
    ]);
  });

  test.each([
    "--nope",
    "--nope=1",
    "-q",
    "--maxInFlight",
    "--Data",
    "--no-quiet",
    "--toString",
    "--__proto__",
    "--constructor",
  ])("refuses the unknown flag %s by name", (flag) => {
    expect(parse([flag]).faults).toEqual([
      `${flag.replace("=1", "")} is not a flag of this command; --help lists those that are`,
    ]);
  });

  test("says which flag lacks its value", () => {
    expect(parse(["--quiet", "--data"]).faults).toEqual(["--data needs a value"]);
  });

  test("does not take the next flag for a value", () => {
    const { faults, values } = parse(["--data", "--max-in-flight", "5"]);
    expect(faults).toEqual(["--data needs a value"]);
    expect(values.maxInFlight).toBe(5);
  });

  test("reports every fault at once", () => {
    const { faults } = parse(["--nope", "--max-in-flight=0", "--drain=2h", "--data"], {
      APP_MAX_BODY: "big",
    });
    expect(faults).toHaveLength(5);
    for (const name of ["--nope", "--max-in-flight", "--drain", "--data", "APP_MAX_BODY"]) {
      expect(faults.filter((fault) => fault.startsWith(`${name} `))).toHaveLength(1);
    }
  });

  test("lets a defect in a flag's parser rise", () => {
    const broken = {
      x: {
        about: "x",
        placeholder: "X",
        fallback: 0,
        parse: () => {
          throw new TypeError("defect");
        },
      },
    };
    expect(() => parseFlags(broken, ["--x=1"], {}, "APP_")).toThrow("defect");
  });
});

describe("kinds of flags", () => {
  test.each(["0", "101", "-1", "1.5", "1e1", "0x5", "", " 5", "five", "9".repeat(30)])(
    "integer refuses %p and says the range",
    (said) => {
      expect(value("--max-in-flight", said).faults).toEqual([
        `--max-in-flight must be an integer from 1 to 100, not "${said}"`,
      ]);
    },
  );

  test.each([
    ["0ms", 0],
    ["250ms", 250],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
  ])("duration reads %s as %d milliseconds", (said, expected) => {
    const { faults, values } = value("--drain", said);
    expect(faults).toEqual([]);
    expect(values.drain).toBe(expected);
  });

  test.each(["", "30", "s", "1.5s", "-1s", "30 s", "2h", "1d", "1w", "1H"])(
    "duration refuses %p and says the range",
    (said) => {
      expect(value("--drain", said).faults).toEqual([
        `--drain must be a duration from 0ms to 1h such as 250ms or 30s, not "${said}"`,
      ]);
    },
  );

  test.each([
    ["1", 1],
    ["4096", 4_096],
    ["512KiB", 524_288],
    ["1MiB", 1_048_576],
  ])("bytes reads %s as %d", (said, expected) => {
    const { faults, values } = value("--max-body", said);
    expect(faults).toEqual([]);
    expect(values.maxBody).toBe(expected);
  });

  test.each(["", "0", "-1", "1.5MiB", "1MB", "4 KiB", "2MiB", "1GiB", "MiB", "9".repeat(30)])(
    "bytes refuses %p and says the limit",
    (said) => {
      expect(value("--max-body", said).faults).toEqual([
        `--max-body must be a size up to 1048576 bytes such as 512KiB or 4MiB, not "${said}"`,
      ]);
    },
  );

  test("text refuses an empty value", () => {
    expect(value("--data", "").faults).toEqual(["--data must not be empty"]);
  });
});

describe("describeFlags", () => {
  test("gives one aligned line per flag, with its placeholder and its default", () => {
    expect(describeFlags(table).split("\n")).toEqual([
      "  --data DIR         folder (default ./data)",
      "  --region TEXT      region",
      "  --max-in-flight N  most jobs (default 7)",
      "  --drain TIME       drain (default 25s)",
      "  --max-body SIZE    body (default 4KiB)",
      "  --quiet            says less",
    ]);
  });
});

test("describeFlags goes on below a description that is too long, and keeps a default whole", () => {
  const about = `${"word ".repeat(15)}last`;
  const long = { port: integer({ about, fallback: 7, min: 0, max: 9 }) };
  expect(describeFlags(long).split("\n")).toEqual([
    `  --port N  ${"word ".repeat(15)}last`,
    "            (default 7)",
  ]);
});

describe("toggle", () => {
  test.each([
    ["true", true],
    ["1", true],
    ["false", false],
    ["0", false],
  ])("reads the variable %p as %p", (said, on) => {
    expect(parse([], { APP_QUIET: said })).toMatchObject({ values: { quiet: on }, faults: [] });
  });

  test("refuses what is neither, instead of taking it for off", () => {
    expect(parse([], { APP_QUIET: "yes" }).faults).toEqual([
      'APP_QUIET must be "true" or "false", not "yes"',
    ]);
  });
});
