/** The HTML report as a browser's parser reads it: well-formed, self-contained, linked in itself. */
import { describe, expect, test } from "bun:test";

import type { RunSummary } from "../../src/domain/run.ts";
import { FORMATS } from "../../src/report/formats.ts";
import { type ParsedPage, parsedPage } from "./elements.ts";
import { ENDED, PASSED, PICTURE, RUNNING, sourceOf, written } from "./fixture.ts";
import { CORPUS, hostileRun } from "./hostile.ts";

const RUNS: readonly (readonly [string, RunSummary])[] = [
  ["ended", ENDED],
  ["all passed", PASSED],
  ["in progress", RUNNING],
  ["hostile", hostileRun()],
];

const htmlOf = (run: RunSummary): Promise<string> => written(FORMATS.html.write(sourceOf(run)));

const TAGS = new Set(
  "html head meta title link style body header main section h1 h2 h3 p ul ol li dl div dt dd table thead tbody tr th td b br small span code pre a svg rect details summary figure figcaption img".split(
    " ",
  ),
);
const ATTRIBUTES = new Set(
  "lang charset http-equiv content name rel href class id role aria-labelledby aria-label tabindex scope src alt viewBox preserveAspectRatio x width height".split(
    " ",
  ),
);

function attribute({ elements }: ParsedPage, tag: string, name: string): string[] {
  return elements.flatMap((element) =>
    element.tag === tag && element.attributes[name] !== undefined ? [element.attributes[name]] : [],
  );
}

describe.each(RUNS)("the HTML report of a run that is %s", (_name, run) => {
  test("is well-formed, of elements and attributes that we wrote", async () => {
    const { comments, elements, errors } = parsedPage(await htmlOf(run));
    expect(errors).toEqual([]);
    expect(comments).toBe(0);
    expect(elements.map(({ tag }) => tag).filter((tag) => !TAGS.has(tag))).toEqual([]);
    const names = elements.flatMap(({ attributes }) => Object.keys(attributes));
    expect(names.filter((name) => !ATTRIBUTES.has(name))).toEqual([]);
  });

  test("loads nothing, and links only within itself", async () => {
    const page = parsedPage(await htmlOf(run));
    const ids = new Set(page.elements.map(({ attributes }) => attributes["id"]));
    for (const href of attribute(page, "a", "href")) {
      expect([href, href.startsWith("#") && ids.has(href.slice(1))]).toEqual([href, true]);
    }
    expect(attribute(page, "link", "href")).toEqual(["data:,"]);
    for (const source of attribute(page, "img", "src")) {
      expect(source).toMatch(/^data:image\/png;base64,[A-Za-z0-9+/=]+$/);
    }
    expect(page.elements.filter(({ tag }) => tag === "style")).toHaveLength(1);
  });

  test("allows by its own policy exactly the style it has", async () => {
    const page = parsedPage(await htmlOf(run));
    const style = page.elements.find(({ tag }) => tag === "style")?.text ?? "";
    const hash = new Bun.CryptoHasher("sha256").update(style).digest("base64");
    const [policy] = page.elements.flatMap(({ attributes }) =>
      attributes["http-equiv"] === "Content-Security-Policy" ? [attributes["content"]] : [],
    );
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`,
    );
    expect(style).not.toMatch(/url\(|@import/);
  });

  test("has a head for every row and column of the matrix, and a sign in every cell", async () => {
    const { elements } = parsedPage(await htmlOf(run));
    const inTable = elements.filter(({ path }) => path.includes("table"));
    for (const { attributes } of inTable.filter(({ tag }) => tag === "th")) {
      expect(attributes["scope"]).toBeOneOf(["col", "row"]);
    }
    for (const { attributes, text } of inTable.filter(({ tag }) => tag === "td")) {
      if (attributes["class"] === undefined) expect(text).toBe("");
      else expect(text).toMatch(/^(✓ pass|✗ fail|! error|… running|· queued)/);
    }
  });
});

describe("the HTML report", () => {
  test("shows hostile text as it is, but for its control characters", async () => {
    const { elements } = parsedPage(await htmlOf(hostileRun()));
    const shown = elements.find(({ tag }) => tag === "body")?.text ?? "";
    const tame = CORPUS.filter((text) => /^[\u0020-\u007e]+$/.test(text));
    expect(tame.length).toBeGreaterThan(30);
    expect(tame.filter((text) => !shown.includes(text))).toEqual([]);
    expect(shown.match(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)).toBeNull();
  });

  test("shows the picture of a result, and its other details beside it", async () => {
    const page = parsedPage(await htmlOf(ENDED));
    expect(attribute(page, "img", "src")).toEqual([PICTURE]);
    const details = page.elements.filter(
      ({ tag, text }) => tag === "pre" && text.includes("(image/png"),
    );
    expect(details).toHaveLength(1);
  });

  test("says of a run in progress that it is one", async () => {
    const { elements } = parsedPage(await htmlOf(RUNNING));
    const note = elements.find(({ attributes }) => attributes["class"] === "note");
    expect(note?.text).toStartWith("The run is in progress: 1 job running, 2 queued.");
    const rows = elements.filter(({ attributes }) => attributes["scope"] === "row");
    expect(rows.map(({ text }) => text)).toContain("(not known yet) https://shop.example/checkout");
  });
});
