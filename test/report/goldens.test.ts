/**
 * Every format of three runs, byte for byte as it was read and accepted. `UPDATE_GOLDENS=1 bun test
 * test/report` writes them anew; read the difference before you accept it.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import { type FormatName, FORMATS } from "../../src/report/formats.ts";
import { writeJobSummary } from "../../src/report/markdown.ts";
import { writeTerminal } from "../../src/report/text.ts";
import { ENDED, PASSED, RUNNING, sourceOf, written } from "./fixture.ts";

const FOLDER = join(import.meta.dir, "golden");
const RUNS = { ended: ENDED, passed: PASSED, running: RUNNING };

async function expectGolden(name: string, text: string): Promise<void> {
  const file = Bun.file(join(FOLDER, `${name}.golden`));
  if (process.env["UPDATE_GOLDENS"] === "1") await Bun.write(file, text);
  expect(text).toBe(await file.text());
}

describe.each(Object.entries(RUNS))("a run that has %s", (state, run) => {
  test.each(Object.keys(FORMATS) as FormatName[])("as %s", async (name) => {
    const { extension, write } = FORMATS[name];
    const suffix =
      extension.endsWith(name) || extension.startsWith(name) ? extension : `${name}.${extension}`;
    await expectGolden(`${state}.${suffix}`, await written(write(sourceOf(run))));
  });
});

describe("a run that has ended", () => {
  test("as the summary of a job in GitHub Actions is the same Markdown", async () => {
    const summary = await written(writeJobSummary(sourceOf(ENDED)));
    expect(summary).toBe(await written(FORMATS.md.write(sourceOf(ENDED))));
  });

  test.each([{ width: 120 }, { width: 60 }, { width: 30 }])(
    "on a terminal of %j",
    async ({ width }) => {
      const text = await written(writeTerminal(sourceOf(ENDED), { color: true, width }));
      await expectGolden(`ended.terminal-${width}.txt`, text);
    },
  );
});
