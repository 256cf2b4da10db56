/**
 * Markdown as a renderer of GitHub's flavour makes HTML of it, with raw HTML and links of bare
 * addresses on: whatever a stranger wrote is code and nothing but code.
 */
import { describe, expect, test } from "bun:test";

import type { RunSummary } from "../../src/domain/run.ts";
import { FORMATS } from "../../src/report/formats.ts";
import { code, fenced } from "../../src/report/markdown-text.ts";
import { writeJobSummary } from "../../src/report/markdown.ts";
import { type Element, parsedPage } from "./elements.ts";
import { ENDED, RUNNING, sourceOf, written } from "./fixture.ts";
import { CORPUS, hostileRun } from "./hostile.ts";

const render = (markdown: string): string => Bun.markdown.html(markdown, { autolinks: true });
const elementsOf = (markdown: string): readonly Element[] => parsedPage(render(markdown)).elements;
const markdownOf = (run: RunSummary): Promise<string> => written(FORMATS.md.write(sourceOf(run)));

const TAGS = new Set(
  "html head body h2 h3 p table thead tbody tr th td code pre details summary ul li strong br".split(
    " ",
  ),
);

/** What a code element reads as: one line, printable. */
const shown = (text: string): string => text.replace(/\s+/g, " ").trim();

describe("Markdown of hostile text", () => {
  // One by one, so that no text is shielded by what another one broke.
  test.each(CORPUS)("has only our own elements: %j", async (text) => {
    for (const markdown of [
      await markdownOf(hostileRun([text])),
      await written(writeJobSummary(sourceOf(hostileRun([text])))),
    ]) {
      const elements = elementsOf(markdown);
      expect(elements.map(({ tag }) => tag).filter((tag) => !TAGS.has(tag))).toEqual([]);
      const attributes = elements.flatMap(({ attributes }) => Object.keys(attributes));
      expect(attributes.filter((name) => name !== "class")).toEqual([]);
      // The table has its three rows, each of as many cells as its head.
      const cells = elements.filter(({ tag }) => tag === "th" || tag === "td");
      expect(cells).toHaveLength(4 * 3);
      expect(elements.filter(({ tag }) => tag === "details")).toHaveLength(1);
      expect(elements.filter(({ tag }) => tag === "li")).toHaveLength(2);
    }
  });

  test("stands in code, where nothing is a mention, a reference or an emoji", async () => {
    const elements = elementsOf(await markdownOf(hostileRun()));
    const outside = elements.filter(({ path }) => !path.includes("code") && !path.includes("pre"));
    expect(outside.length).toBeGreaterThan(100);
    const texts = outside.map(({ own }) => own);
    expect(
      texts.filter((own) => /[@$`*_~[\]|]|#\d|:[a-z]+:|\/\/|www|evil|alert/.test(own)),
    ).toEqual([]);
  });

  test.each(CORPUS)("reads as it was: %j", (text) => {
    const printable = /^[\u0020-\u007e]*$/.test(text);
    for (const markdown of [`x ${code(text, 500)} y`, `| a |\n| --- |\n| ${code(text, 500)} |\n`]) {
      const codes = elementsOf(markdown).filter(({ tag }) => tag === "code");
      expect(codes).toHaveLength(1);
      if (printable) expect(shown(codes[0]?.text ?? "")).toBe(shown(text));
    }
    const blocks = elementsOf(fenced(text, 500)).filter(({ tag }) => tag === "pre");
    expect(blocks).toHaveLength(1);
    if (printable) expect(blocks[0]?.text.trimEnd()).toBe(text.trimEnd());
  });
});

describe("Markdown", () => {
  test("has a row per runner and url, and a cell per region", async () => {
    const elements = elementsOf(await markdownOf(ENDED));
    const rows = elements.filter(({ tag }) => tag === "tr");
    expect(rows).toHaveLength(1 + 5);
    expect(elements.filter(({ tag }) => tag === "th").map(({ text }) => text)).toEqual([
      "runner",
      "url",
      "ap-southeast-1",
      "eu-west-1",
      "local",
      "us-east-1",
    ]);
    const cells = elements.filter(({ tag }) => tag === "td").map(({ text }) => text);
    expect(cells.filter((text) => text === "✅ pass")).toHaveLength(ENDED.summary.passed);
    expect(cells.filter((text) => text === "❌ fail")).toHaveLength(ENDED.summary.failed);
    expect(cells.filter((text) => text === "⚠️ error")).toHaveLength(ENDED.summary.errored);
  });

  test("says of a run in progress that it is one", async () => {
    expect(await markdownOf(RUNNING)).toContain("3 of 12 results known");
  });
});
