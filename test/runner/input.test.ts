import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "../support/folder.ts";
import { openPool, type Pool } from "./harness.ts";

/** A folder without node_modules: zod comes from the host. */
const FILES: Readonly<Record<string, string>> = {
  "schemas.ts": `import { z } from "zod";
    export const Shared = z.object({ url: z.url(), retries: z.int().default(2) });
    export default z.object({ url: z.string(), byDefault: z.boolean().default(true) });`,

  "zod.ts": `import type { Runner } from "runners";
    import { z } from "zod";
    import type Standard from "./schemas.ts";
    import type { Shared } from "./schemas.ts";
    import type * as all from "./schemas.ts";
    const answer = (details: unknown) => ({ name: "answer", status: "pass" as const, details });
    export const Exported = z.object({ url: z.string(), limit: z.number().default(5) });
    const Local = z.object({
      url: z.string(),
      deep: z.object({ items: z.array(z.number()) }),
      label: z.string().transform((text) => text.toUpperCase()),
    });
    export const exported: Runner<typeof Exported> = async (_ctx, input) => {
      "use runner";
      return answer(input);
    };
    export const local: Runner<z.infer<typeof Local>> = async (_ctx, input) => {
      "use runner";
      return answer(input);
    };
    export const imported: Runner<typeof Shared> = async (_ctx, input) => {
      "use runner";
      return answer(input);
    };
    export const member: Runner<typeof all.Shared> = async (_ctx, input) => {
      "use runner";
      return answer(input);
    };
    export const standard: Runner<typeof Standard> = async (_ctx, input) => {
      "use runner";
      return answer(input);
    };
    export async function parameter(_ctx: unknown, input: z.infer<typeof Local>) {
      "use runner";
      return answer(input);
    }
    // the last line is a comment`,

  "byname.ts": `import { z } from "zod/v4";
    export const pickedInputSchema = z.object({ url: z.string(), picked: z.literal("yes") });
    export const plainSchema = { url: "no schema at all" };
    export const picked = async (_ctx: unknown, input: unknown) => {
      "use runner";
      return { name: "picked", status: "pass", details: input };
    };
    export const plain = async (_ctx: unknown, input: unknown) => {
      "use runner";
      return { name: "plain", status: "pass", details: input };
    };`,

  "other.ts": `const schema = (validate) => ({ "~standard": { version: 1, vendor: "own", validate } });
    const Slow = schema(async (value) => {
      await Bun.sleep(1);
      const issues = [
        { message: "is missing", path: ["a", { key: "b/c" }, 0] },
        { message: "is wrong in full" },
      ];
      return value.ok ? { value: { ...value, seen: true } } : { issues };
    });
    const Throws = schema(() => {
      throw new Error("the schema is broken");
    });
    export let Unset: typeof Slow;
    const defaults = { url: "" };
    const pass = async (_ctx: unknown, input: unknown) => ({ name: "x", status: "pass", details: input });
    export const slow: Runner<typeof Slow> = async (_ctx, input) => {
      "use runner";
      return pass(_ctx, input);
    };
    export const throwing: Runner<typeof Throws> = async () => {
      "use runner";
      return pass(0, 0);
    };
    export const unset: Runner<typeof Unset> = async () => {
      "use runner";
      return pass(0, 0);
    };
    export const ordinary: Runner<typeof defaults> = async (_ctx, input) => {
      "use runner";
      return pass(_ctx, input);
    };`,
};

const folder = temporaryFolder();
let pool: Pool;

beforeAll(async () => {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder.path, name), text);
  pool = await openPool({ dir: folder.path });
});
afterAll(async () => {
  await pool.pool.close();
  folder[Symbol.dispose]();
});

const url = "http://127.0.0.1/";

async function execute(name: string, input: Record<string, unknown> = {}) {
  return (await pool.run([name], input))[0];
}

describe("the input schema of a runner", () => {
  test.each([
    ["exported", {}, { url, limit: 5 }],
    ["local", { deep: { items: [1] }, label: "a" }, { url, deep: { items: [1] }, label: "A" }],
    ["imported", { unknown: 1 }, { url, retries: 2 }],
    ["member", { retries: 7 }, { url, retries: 7 }],
    ["standard", {}, { url, byDefault: true }],
    ["parameter", { deep: { items: [] }, label: "b" }, { url, deep: { items: [] }, label: "B" }],
    ["picked", { picked: "yes" }, { url, picked: "yes" }],
    ["slow", { ok: true }, { url, ok: true, seen: true }],
  ])("%s: the runner gets what the schema makes of it", async (name, input, expected) => {
    expect(await execute(name, input)).toMatchObject({ status: "pass", details: expected });
  });

  test("a faulty input is an error that names every path; the other runners go on", async () => {
    const runners = [
      { name: "local", input: { deep: { items: [1, "two"] }, label: 3 } },
      { name: "exported" },
    ];
    const never = new AbortController().signal;
    const [faulty, sound] = await pool.pool.execute({ url, runners }, never);
    expect(faulty).toMatchObject({
      name: "local",
      status: "error",
      errorCode: "invalid_input",
      errorSource: "runner",
      errorMessage:
        'The input of "local" is not valid: deep.items.1: Invalid input: expected number, received string; label: Invalid input: expected string, received number.',
      details: { issues: [{ path: "/deep/items/1" }, { path: "/label" }] },
    });
    expect(sound?.status).toBe("pass");
  });

  test("issues of any Standard Schema are shown, wherever they point", async () => {
    expect(await execute("slow")).toMatchObject({
      errorCode: "invalid_input",
      errorMessage:
        'The input of "slow" is not valid: a.b/c.0: is missing; input: is wrong in full.',
      details: { issues: [{ path: "/a/b~1c/0" }, { path: "" }] },
    });
  });

  test.each([
    ["throwing", 'The input schema of "throwing" failed: the schema is broken.'],
    ["unset", 'The input schema "Unset" is undefined when the file is loaded.'],
  ])("a schema that fails is named, and its runner refused: %s", async (name, errorMessage) => {
    expect(await execute(name)).toMatchObject({
      status: "error",
      errorCode: "invalid_schema",
      errorSource: "runner",
      errorMessage,
    });
  });

  test.each(["plain", "ordinary"])("what is no schema checks nothing: %s", async (name) => {
    expect(await execute(name, { any: 1 })).toMatchObject({ details: { any: 1, url } });
  });

  test("the file's own lines stay where they are", async () => {
    using other = temporaryFolder();
    const code = `import { z } from "zod";
      const In = z.object({});
      export const a: Runner<typeof In> = async () => {
        "use runner";
        throw new Error(new Error("x").stack.split("\\n")[1].match(/a.ts:(\\d+)/)[1]);
      };`;
    writeFileSync(join(other.path, "a.ts"), code);
    await using opened = await openPool({ dir: other.path });
    expect((await opened.run(["a"]))[0]?.errorMessage).toBe("5");
  });
});

describe("RunnerPool.inputSchemas", () => {
  test("tells the JSON Schema of the inputs whose library can", async () => {
    const schemas = await pool.pool.inputSchemas(10_000);
    expect([...schemas.keys()].toSorted()).toEqual([
      "exported",
      "imported",
      "local",
      "member",
      "parameter",
      "picked",
      "standard",
    ]);
    expect(schemas.get("exported")).toMatchObject({
      type: "object",
      properties: { url: { type: "string" }, limit: { type: "number", default: 5 } },
      required: ["url"],
    });
  });

  test("does not wait for a file that does not load, and knows the others later", async () => {
    using other = temporaryFolder();
    const write = (name: string, before: string): void => {
      const code = `${before}
        import { z } from "zod";
        export const ${name}Schema = z.object({});
        export async function ${name}() { "use runner"; }`;
      writeFileSync(join(other.path, `${name}.ts`), code);
    };
    write("hangs", "await new Promise(() => {});");
    write("sound", "");
    await using opened = await openPool({ dir: other.path, runnerTimeout: 2_000 });
    expect(await opened.pool.inputSchemas(10)).toEqual(new Map());
    expect([...(await opened.pool.inputSchemas(10_000)).keys()]).toEqual(["sound"]);
    write("sound", "// changed");
    expect([...(await opened.pool.inputSchemas(10_000)).keys()]).toEqual(["sound"]);
  });
});
