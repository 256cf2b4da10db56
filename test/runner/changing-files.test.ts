import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { hostsOf, openPool } from "./harness.ts";

/** A runner file that answers with `answer` and with what it imports. */
function runnerFile(answer: string): string {
  return `import { value } from "./value.ts";
    export async function answer() { "use runner"; return { status: "pass", details: [${answer}, value] }; }`;
}

describe("RunnerPool and changing files", () => {
  test("picks up a changed runner, a changed import and a mended one", async () => {
    using folder = temporaryFolder();
    const write = (name: string, text: string): void =>
      writeFileSync(join(folder.path, name), text);
    write("value.ts", "export const value = 1;");
    write("answer.ts", runnerFile("1"));
    await using opened = await openPool({ dir: folder.path });
    const answer = async () => (await opened.run(["answer"]))[0];

    expect((await answer())?.details).toEqual([1, 1]);
    write("answer.ts", runnerFile("2"));
    expect((await answer())?.details).toEqual([2, 1]);
    write("value.ts", "export const value = 2;");
    expect((await answer())?.details).toEqual([2, 2]);
    write("value.ts", "export const other = 2;");
    const broken = await answer();
    expect(broken).toMatchObject({ status: "error", errorSource: "runner" });
    expect(broken?.errorMessage).toStartWith("Cannot load answer.ts");
    expect(broken?.errorMessage).not.toContain(folder.path);
    write("value.ts", "export const value = 3;");
    expect((await answer())?.details).toEqual([2, 3]);
    await eventually("one host is left", () => hostsOf(process.pid).length === 1);
  });
});
