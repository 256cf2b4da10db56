/** volley run --local: runner files executed by the command itself, without a server. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "../support/folder.ts";
import { onTerminal } from "../support/terminal.ts";
import { URL_FLAGS, volley } from "./cli.ts";

const RUNNERS = `
export const okTest = async (ctx, input) => {
  "use runner";
  return { name: "okTest", status: "pass", details: input };
};
export const hangTest = async () => {
  "use runner";
  await new Promise(() => {});
};
`;

/** Runner files, and a place for temporary files of which nothing may be left. */
function project() {
  const folder = temporaryFolder();
  const dir = join(folder.path, "runners");
  const tmp = join(folder.path, "tmp");
  mkdirSync(dir);
  mkdirSync(tmp);
  writeFileSync(join(dir, "runners.ts"), RUNNERS);
  return {
    dir,
    tmp,
    env: { TMPDIR: tmp, CI: "" },
    left: () => readdirSync(tmp).filter((name) => name.startsWith("volley-local")),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

describe("volley run --local", () => {
  test("executes a folder's runners and leaves nothing behind", async () => {
    using at = project();
    const args = ["run", "okTest", ...URL_FLAGS, "--local", at.dir, "--input", "a=b", "-r", "json"];
    const { code, stdout } = await volley(undefined, args, at);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      mode: "local",
      jobs: [{ results: [{ name: "okTest", details: { a: "b", url: "https://a.example/" } }] }],
    });
    expect(at.left()).toEqual([]);
  });

  test("names no command that would need the run afterwards", async () => {
    using at = project();
    const args = ["run", "hangTest", ...URL_FLAGS, "--local", at.dir, "--runner-timeout", "200ms"];
    const { code, stderr, stdout } = await volley(undefined, [...args, "-r", "txt"], at);
    expect(code).toBe(4);
    expect(stdout).toContain("1 red cell, 1 cause: ");
    expect(stdout + stderr).not.toMatch(/--rerun|volley report/);
  });

  test("keeps regions as names of columns", async () => {
    using at = project();
    const args = [
      "run",
      "okTest",
      ...URL_FLAGS,
      "--local",
      at.dir,
      "--region",
      "x",
      "--region",
      "y",
    ];
    const { stdout } = await volley(undefined, args, at);
    expect(stdout).toMatch(/^runner +url +x +y$/m);
  });

  test("names a runner it does not have, and those it has", async () => {
    using at = project();
    const args = ["run", "nope", ...URL_FLAGS, "--local", at.dir];
    const { code, stderr } = await volley(undefined, args, at);
    expect(code).toBe(2);
    expect(stderr).toContain("Known: okTest, hangTest.");
    expect(at.left()).toEqual([]);
  });

  test("says which folder is not there, and which file cannot be used", async () => {
    using at = project();
    const missing = await volley(undefined, ["run", "x", ...URL_FLAGS, "--local", "/nowhere"], at);
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.stderr).toContain('"/nowhere" does not exist');
    writeFileSync(join(at.dir, "broken.ts"), "export const x = (");
    const args = ["run", "okTest", ...URL_FLAGS, "--local", at.dir];
    const { code, stderr } = await volley(undefined, args, at);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^faulty runner file: broken\.ts: Syntax error/);
    expect(at.left()).toEqual([]);
  });

  test("ends with 4 when its limit strikes", async () => {
    using at = project();
    const args = ["run", "hangTest", ...URL_FLAGS, "--local", at.dir, "--timeout", "500ms"];
    expect((await volley(undefined, args, at)).code).toBe(4);
    expect(at.left()).toEqual([]);
  });

  test.each([1, 2])("is cancelled by Ctrl-C, %d times, and cleans up", async (times) => {
    using at = project();
    await using terminal = await onTerminal({
      args: ["run", "hangTest", ...URL_FLAGS, "--local", at.dir],
      env: at.env,
    });
    await terminal.until("it is running", (lines) =>
      lines.some((line) => line.includes("… running")),
    );
    terminal.type("\u0003".repeat(times));
    expect(await terminal.ended).toBe(130);
    expect(at.left()).toEqual([]);
  });
});
