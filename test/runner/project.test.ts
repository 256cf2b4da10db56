import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { StartError } from "../../src/domain/errors.ts";
import { Project } from "../../src/runner/project.ts";
import { temporaryFolder } from "../support/folder.ts";

const runner = (name: string): string => `export async function ${name}() { "use runner"; }\n`;

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
}

async function offered(root: string) {
  const { faults, runners } = await Project.open(root).catalog();
  return { names: [...runners.keys()], faults };
}

describe("Project", () => {
  test("scans src and runners where they exist", async () => {
    using folder = temporaryFolder();
    write(folder.path, {
      "src/deep/er/a.ts": runner("a"),
      "runners/b.ts": runner("b"),
      "elsewhere.ts": runner("c"),
    });
    expect((await offered(folder.path)).names).toEqual(["b", "a"]);
  });

  test("scans the folder itself otherwise, without what is no runner file", async () => {
    using folder = temporaryFolder();
    write(folder.path, {
      "a.ts": runner("a"),
      "b.tsx": runner("b"),
      "c.mjs": runner("c"),
      ".hidden.ts": runner("no1"),
      ".git/x.ts": runner("no2"),
      "node_modules/p/x.ts": runner("no3"),
      "deep/node_modules/p/x.ts": runner("no4"),
      "types.d.ts": runner("no5"),
      "a.test.ts": runner("no6"),
      "a.spec.tsx": runner("no7"),
      "notes.md": runner("no8"),
      "c.cjs": runner("no9"),
    });
    expect(await offered(folder.path)).toEqual({ names: ["a", "b", "c"], faults: [] });
  });

  test("names a link that leads out, and follows none", async () => {
    using folder = temporaryFolder();
    using outside = temporaryFolder();
    write(outside.path, { "out.ts": runner("out") });
    write(folder.path, { "a.ts": runner("a") });
    symlinkSync(join(outside.path, "out.ts"), join(folder.path, "file.ts"));
    symlinkSync(outside.path, join(folder.path, "folder"));
    symlinkSync(folder.path, join(folder.path, "loop"));
    symlinkSync("a.ts", join(folder.path, "alias.ts"));
    symlinkSync("nowhere.ts", join(folder.path, "dangling.ts"));
    const message = "Is a link that leads out of the project and is not followed.";
    expect(await offered(folder.path)).toEqual({
      names: ["a"],
      faults: [
        { file: "file.ts", message },
        { file: "folder", message },
      ],
    });
  });

  test("a source folder may be a link inside the project, not out of it", async () => {
    using folder = temporaryFolder();
    using outside = temporaryFolder();
    write(folder.path, { "checks/a.ts": runner("a") });
    write(outside.path, { "b.ts": runner("b") });
    symlinkSync("checks", join(folder.path, "runners"));
    symlinkSync(outside.path, join(folder.path, "src"));
    const { faults, names } = await offered(folder.path);
    expect(names).toEqual(["a"]);
    expect(faults.map(({ file }) => file)).toEqual(["src"]);
  });

  test("a name that two files export belongs to neither, and both are named", async () => {
    using folder = temporaryFolder();
    write(folder.path, { "a.ts": runner("dup") + runner("a"), "b.ts": runner("dup") });
    expect(await offered(folder.path)).toEqual({
      names: ["a"],
      faults: [
        {
          file: "a.ts",
          message:
            'The runner "dup" is exported more than once, by a.ts and b.ts; none of them runs.',
        },
      ],
    });
  });

  test("a file with a syntax error is named and the others load", async () => {
    using folder = temporaryFolder();
    write(folder.path, { "a.ts": runner("a"), "bad.ts": "export const = 1;" });
    const { faults, names } = await offered(folder.path);
    expect(names).toEqual(["a"]);
    expect(faults).toEqual([
      { file: "bad.ts", message: expect.stringContaining("Syntax error at 1:") },
    ]);
  });

  test("sees files that were added, changed, replaced and removed", async () => {
    using folder = temporaryFolder();
    write(folder.path, { "a.ts": runner("a") });
    const project = Project.open(folder.path);
    const first = await project.catalog();
    expect((await project.catalog()).revision).toBe(first.revision);

    const revisions = new Set([first.revision]);
    const names = async (): Promise<string[]> => {
      const { revision, runners } = await project.catalog();
      revisions.add(revision);
      return [...runners.keys()];
    };
    write(folder.path, { "b.ts": runner("b") });
    expect(await names()).toEqual(["a", "b"]);
    write(folder.path, { "a.ts": runner("changed") });
    expect(await names()).toEqual(["changed", "b"]);
    write(folder.path, { ".new": runner("c") });
    renameSync(join(folder.path, ".new"), join(folder.path, "b.ts"));
    expect(await names()).toEqual(["changed", "c"]);
    rmSync(join(folder.path, "b.ts"));
    expect(await names()).toEqual(["changed"]);
    expect(revisions.size).toBe(5);
  });

  test("a folder that vanishes is a fault, not a crash", async () => {
    using folder = temporaryFolder();
    const project = Project.open(folder.path);
    rmSync(folder.path, { recursive: true });
    const { faults, runners } = await project.catalog();
    expect(runners.size).toBe(0);
    expect(faults).toEqual([{ file: ".", message: expect.stringContaining("Cannot be read") }]);
  });

  test("refuses to open what is missing or no folder", async () => {
    using folder = temporaryFolder();
    write(folder.path, { "a.ts": "" });
    const missing = join(folder.path, "missing");
    const file = join(folder.path, "a.ts");
    expect(() => Project.open(missing)).toThrow(
      new StartError([`The folder of runners "${missing}" does not exist.`]),
    );
    expect(() => Project.open(file)).toThrow(
      new StartError([`The folder of runners "${file}" is not a folder.`]),
    );
  });
});
